"""What a process needs to judge deliveries and load them: contracts, suites, keys, the warehouse, a clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from marsad import audit
from marsad.audit import Head
from marsad.contracts.catalog import Catalog, load_catalog
from marsad.contracts.model import Contract
from marsad.identity.keys import KeyRing
from marsad.intake.ledger import Terms
from marsad.intake.reading import sandbox
from marsad.quality.suites import Suite, load_suite, suite_path
from marsad.settings import Settings
from marsad.warehouse.engine import database_url, make_engine

if TYPE_CHECKING:
    from marsad.quality.rows import RowJudge

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Office:
    """Opened once a process; safe to keep. Private keys, contracts and suites are read when first asked for."""

    settings: Settings
    engine: sa.Engine
    keyring: KeyRing
    clock: Clock = utc_now
    feed: str | None = None
    known: Catalog | None = None
    _suites: dict[str, Suite] = field(default_factory=dict)
    _judges: dict[str, RowJudge] = field(default_factory=dict)

    @classmethod
    def open(
        cls, settings: Settings, clock: Clock = utc_now, feed: str | None = None, catalog: Catalog | None = None
    ) -> Office:
        """The office of an installation whose database is up; with ``feed``, of that feed alone (quicker).

        ``catalog`` is one that was read already.

        Raises:
            UsageFault: the platform is not up.
            PlatformFault: there are no keys.
        """
        sandbox.served_at(settings.reader)
        keyring = KeyRing.open(settings.place("keys"))
        return cls(settings, make_engine(database_url(settings)), keyring, clock, feed, catalog)

    @cached_property
    def catalog(self) -> Catalog:
        """Contracts and what they are read with; UsageFault if a contract is wrong."""
        return self.known or load_catalog(self.settings, self.feed)

    def contract(self, feed: str) -> Contract:
        """The contract of a feed; UsageFault with the nearest name if there is none."""
        return self.catalog.contract(feed)

    def suite(self, feed: str) -> Suite:
        """The suite of a feed; UsageFault if it is missing or wrong."""
        if feed not in self._suites:
            self._suites[feed] = load_suite(suite_path(feed, self.settings.expectation_dirs))
        return self._suites[feed]

    def judge(self, feed: str) -> RowJudge:
        """The judge of a feed's rows; kept, because it remembers its verdicts and Great Expectations is slow to ask."""
        from marsad.quality.rows import RowJudge  # here, because it brings GX, which takes seconds to import

        if feed not in self._judges:
            self._judges[feed] = RowJudge(self.contract(feed), self.suite(feed))
        return self._judges[feed]

    def terms(self, feed: str) -> Terms:
        """Under which contract and suite a delivery of ``feed`` is judged now."""
        contract = self.contract(feed)
        return Terms(contract.version, contract.fingerprint, self.suite(feed).fingerprint)

    def write_head(self, head: Head) -> None:
        """Signs the end of the audit chain into the day's file, outside the database; after the commit."""
        audit.write_head_file(self.settings.place("audit"), head, self.clock(), self.keyring.signer)

    def write_head_where_signed(self, head: Head) -> None:
        """The same where the signing key is mounted; elsewhere the next signed head covers this one too."""
        if self.keyring.signs:
            self.write_head(head)

    @property
    def landing(self) -> Path:
        """Where encrypted contents lie."""
        return self.settings.place("landing")
