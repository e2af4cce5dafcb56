"""``python -m marsad.portal.trial``: the warm process of dry runs. It may write to staging tables and nowhere else.

Great Expectations takes seconds to import, so it is imported once; each file is judged in a fork of its own, which a
hostile file may crash or stall without harm. Asked over a socket in ``run/`` with one line of JSON, answers with one.
It needs the keys of pseudonyms and fingerprints, to tell which rows are known, and that for senders, for files that
come encrypted; it opens nothing of what was landed.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from marsad.contracts.catalog import sound_catalog
from marsad.errors import MarsadError, UsageFault, own_faults_only
from marsad.identity.keys import KeyRing
from marsad.intake import dry_run, sealed
from marsad.intake.office import Office
from marsad.intake.reading import sandbox
from marsad.intake.reports.files import document
from marsad.intake.reports.workbook import annotate
from marsad.portal.answering import Answering
from marsad.portal.site import TRIAL, address_of, stamp
from marsad.settings import Settings

_LOG = logging.getLogger(__name__)


class Trials(Answering):
    """The server; ``office`` is kept warm and read again when a contract, suite or code list changed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._seen: object = None
        sandbox.served_at(settings.reader)
        super().__init__(settings.place("run") / TRIAL)
        self.warm()

    def warm(self) -> None:
        """Reads everything that a verdict needs, as it is now; of a feed whose contract or suite is wrong, nothing.

        Files that were read once are not read again, whether they were right or wrong.

        Raises:
            UsageFault: the platform is not up, or a code list is wrong.
        """
        now = stamp(self.settings)
        if now == self._seen:
            return
        self._seen = now
        catalog, problems = sound_catalog(self.settings)
        for problem in problems:
            _LOG.error("%s", problem)
        engine = create_engine(address_of(self.settings, "trial"), hide_parameters=True, poolclass=NullPool)
        office = Office(self.settings, engine, KeyRing.open(self.settings.place("keys")), known=catalog)
        for feed, contract in office.catalog.contracts.items():
            if not contract.draft:
                _warm(office, feed)
        self.office = office
        sandbox.warm()  # forks share the server of readers

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ANN401 - as in socketserver
        """Before the fork of each question; what is wrong at the moment leaves what was right."""
        try:
            with own_faults_only():
                self.warm()
        except MarsadError as fault:  # raised from here, it would end the server
            _LOG.error("%s", fault)
        return True

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """In a fork."""
        return answer(self.office, question)


def _warm(office: Office, feed: str) -> None:
    try:
        office.judge(feed)
        office.terms(feed)
    except UsageFault as fault:  # who asks about this feed gets no verdict; the others do
        _LOG.error("%s: %s", feed, fault)


def answer(office: Office, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The report of a dry run, as ``intake.reports`` writes it; of a question with a report, the marked ``workbook``.

    A fault of ours is ``{"fault": its class}``.
    """
    try:
        if "report" in asked:
            return {"workbook": _marked(office, asked)}
        return _judged(office, Path(asked["path"]), asked["feed"], asked["provider"])
    except MarsadError as fault:
        _LOG.error("%s: %s", type(fault).__name__, fault)
        return {"fault": type(fault).__name__}


def _judged(office: Office, path: Path, feed: str, provider: str) -> dict[str, Any]:
    receipt, judged = dry_run.check(office, path, feed, provider)
    contract, codelists = office.contract(feed), office.catalog.codelists
    return document({**receipt, "reports": {}}, contract, judged.broken, codelists, judged.titles)


def _marked(office: Office, asked: Mapping[str, Any]) -> str:
    path, tmp = Path(asked["path"]), office.settings.place("tmp")
    with own_faults_only(), sealed.opened_if_possible(path, office.keyring, tmp) as clear:
        content = annotate(clear, office.contract(asked["feed"]), asked["report"], asked["language"])
    return base64.b64encode(content).decode("ascii")


if __name__ == "__main__":
    with Trials(Settings.from_env()) as trials:
        trials.serve_forever()
