"""``python -m marsad.portal.opener``: makes marked workbooks of settled deliveries; the one that opens landing.

The pages hold no key, and what they say about who asks proves nothing here: they hand on the cookie of the session, and
we find out ourselves whose it is, whether a right of that account covers the delivery, and whether it gives one-time
codes: the workbook holds identities. Everything heavy is imported in the fork that answers: the process that
waits is small, and reads contracts as they are now.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from marsad.contracts.catalog import Catalog, load_catalog
from marsad.errors import MarsadError, PolicyRefusal, UsageFault
from marsad.portal import bearer, often
from marsad.portal.accounts import Right
from marsad.portal.answering import Answering
from marsad.portal.policy import Policy, load_policy
from marsad.portal.site import OPENER, address_of, utc_now
from marsad.settings import Settings
from marsad.warehouse.engine import clean_errors

if TYPE_CHECKING:
    from marsad.intake.office import Office

_LOG = logging.getLogger(__name__)
_ASKER = sa.text(
    f"""
    SELECT s.account_id::text, d.provider, d.feed, r.role, r.provider AS body, r.feed AS said
    FROM {bearer.SIGNED_IN} CROSS JOIN ops.delivery d
    WHERE {bearer.LIVES} AND d.delivery_id::text = :delivery AND d.receipt IS NOT NULL
    """  # noqa: S608 - our own words
)


@dataclass(frozen=True)
class Opener:
    """Answers for one installation, as the role ``opener``."""

    settings: Settings
    policy: Policy
    clock: Callable[[], datetime] = utc_now

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The ``workbook`` (base64) of ``delivery`` for who has ``session``; a fault is ``{"fault": its class}``.

        Who may not open it gets ``UsageFault``, like one who asks for what is not there; who opened too many lately
        ``PolicyRefusal``.
        """
        engine = sa.create_engine(address_of(self.settings, "opener"), hide_parameters=True, poolclass=NullPool)
        try:
            return {"workbook": base64.b64encode(self._workbook(engine, asked)).decode("ascii")}
        except often.Reached as refusal:
            head = refusal.note(engine, self.clock())
            self._office(engine).write_head(head)
            return {"fault": PolicyRefusal.__name__}
        except MarsadError as fault:
            _LOG.error("%s: %s", type(fault).__name__, fault)
            return {"fault": type(fault).__name__}

    def _workbook(self, engine: sa.Engine, asked: Mapping[str, Any]) -> bytes:
        account, catalog = self._asker(engine, asked)
        from marsad.intake.reading import sandbox  # noqa: PLC0415 - see above
        from marsad.intake.reports.opened import annotated  # noqa: PLC0415

        sandbox.served_at(self.settings.reader)
        actor, delivery = f"account:{account}", asked["delivery"]

        def allowed(connection: sa.Connection) -> None:
            often.check(connection, actor, "workbooks", self.policy.workbooks, delivery, self.clock())

        return annotated(self._office(engine, catalog), delivery, asked["language"], actor, allowed)

    def _office(self, engine: sa.Engine, catalog: Catalog | None = None) -> Office:
        from marsad.identity.keys import KeyRing  # noqa: PLC0415 - see above
        from marsad.intake.office import Office  # noqa: PLC0415

        return Office(self.settings, engine, KeyRing.open(self.settings.place("keys")), self.clock, known=catalog)

    def _asker(self, engine: sa.Engine, asked: Mapping[str, Any]) -> tuple[str, Catalog]:
        values = bearer.values(asked["session"], self.policy, self.clock()) | {"delivery": asked["delivery"]}
        with clean_errors(), engine.connect() as connection:
            rows = connection.execute(_ASKER, values).all()
        if rows:
            catalog = load_catalog(self.settings, rows[0].feed)
            contract = catalog.contract(rows[0].feed)
            if any(Right(row.role, row.body, row.said).covers(row.provider, contract) for row in rows):
                return rows[0].account_id, catalog
        raise UsageFault("somebody asked for a delivery that is not theirs")


class _Server(Answering):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.place("run") / OPENER)
        self._opener = Opener(settings, load_policy(settings.schemas))

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        return self._opener.answer(question)


if __name__ == "__main__":
    with _Server(Settings.from_env()) as server:
        server.serve_forever()
