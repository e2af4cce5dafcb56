"""What the pages stand on, opened once a process: settings, database as the role ``portal``, policy, keys, clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

import sqlalchemy as sa

from marsad.contracts.catalog import Catalog, sound_catalog
from marsad.contracts.model import Contract
from marsad.errors import UsageFault
from marsad.portal.accounts import ANALYST, Account
from marsad.portal.asking import Ask, over
from marsad.portal.policy import Policy, load_policy
from marsad.portal.secrets_kept import Sealing
from marsad.settings import Settings
from marsad.warehouse import own_persons
from marsad.warehouse.engine import clean_errors, make_engine
from marsad.warehouse.roles import role_name

TRIAL, OPENER, LOOKER = "trial.sock", "opener.sock", "looker.sock"  # in run/
_MILLISECOND = timedelta(milliseconds=1)
KEYS = "portal"  # folder of keys that is the portal's alone


def utc_now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(UTC)


def address_of(settings: Settings, role: str) -> str:
    """The database address that ``marsad up`` left for a process of the portal (``run/<role>.url``).

    Raises:
        UsageFault: it did not.
    """
    note = settings.place("run") / f"{role}.url"
    if not note.exists():
        raise UsageFault(f"{note} is missing: run 'make up', which writes it")
    return note.read_text(encoding="utf-8").strip()


class Shelf:
    """The catalog of contracts, read again when a file of it changed; a wrong contract is left out of it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._seen: object = None
        self._catalog: Catalog | None = None

    @property
    def catalog(self) -> Catalog:
        """As the files are now; as they were while a code list is wrong.

        Raises:
            UsageFault: a code list is wrong and never was right.
        """
        with self._lock:
            now = stamp(self._settings)
            if self._catalog is None or now != self._seen:
                self._seen = now  # also of a look that fails: the same files are not read again for each page
                try:
                    self._catalog, _ = sound_catalog(self._settings)
                except UsageFault:
                    if self._catalog is None:
                        raise
            return self._catalog

    @property
    def providers(self) -> list[str]:
        """All sending bodies that contracts name."""
        return sorted({name for contract in self.catalog.contracts.values() for name in contract.providers})

    @property
    def titles(self) -> dict[str, Mapping[str, str]]:
        """What each feed is called, by language."""
        return {feed: contract.title for feed, contract in self.catalog.contracts.items()}

    @property
    def open_feeds(self) -> list[str]:
        """The feeds that name no sending bodies: who may send them is for each account to say."""
        return [contract.feed for contract in self._live if not contract.providers]

    @property
    def _live(self) -> list[Contract]:
        return [contract for contract in self.catalog.contracts.values() if not contract.draft]

    def covered(self, account: Account) -> list[tuple[str, Contract]]:
        """The sending bodies and feeds that an account's rights are for."""
        return [
            (provider, contract) for provider in account.providers for contract in self.catalog.contracts.values()
            if any(right.covers(provider, contract) for right in account.rights)
        ]  # fmt: skip

    def offers(self, account: Account) -> list[tuple[str, Contract]]:
        """What an account may send now, and in whose name."""
        return [
            (provider, contract) for provider, contract in self.covered(account)
            if contract.takes_from(provider, [right.feed for right in account.rights if right.provider == provider])
        ]  # fmt: skip


def stamp(settings: Settings) -> tuple[tuple[str, int, int], ...]:
    """Changes when a contract, suite or code list does. What vanishes meanwhile or leads nowhere is left out."""
    folders = (*settings.contract_dirs, *settings.expectation_dirs, *settings.codelist_dirs)
    return tuple(sorted(_stamps(path for folder in folders for path in folder.rglob("*.*"))))


def _stamps(paths: Iterable[Path]) -> Iterator[tuple[str, int, int]]:
    for path in paths:
        with suppress(OSError):
            known = path.stat()
            yield str(path), known.st_mtime_ns, known.st_size


@dataclass(frozen=True)
class Site:
    """Safe to share between threads. ``secure`` when browsers come by https.

    ``ask`` reaches the process of dry runs, ``opener`` the one that opens what was delivered, ``looker`` the one that
    opens single records.
    """

    settings: Settings
    engine: sa.Engine
    policy: Policy
    sealing: Sealing
    shelf: Shelf
    ask: Ask
    opener: Ask
    looker: Ask
    secure: bool = False
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def open(cls, settings: Settings, clock: Callable[[], datetime] = utc_now) -> Site:
        """The site of an installation that is up.

        Raises:
            UsageFault: it is not.
        """
        return cls(
            settings,
            make_engine(address_of(settings, "portal")),
            load_policy(settings.schemas),
            Sealing.open(settings.place("keys") / KEYS),
            Shelf(settings),
            over(settings.place("run") / TRIAL),
            over(settings.place("run") / OPENER),
            over(settings.place("run") / LOOKER),
            secure=(settings.portal.url or "").startswith("https://"),
            clock=clock,
        )

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """One transaction; its errors name no value."""
        with clean_errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def analysing(self) -> Iterator[sa.Connection]:
        """A transaction with the rights of ``analyst`` and no others, which only reads, all of one moment.

        Raises:
            PassingFault: a statement takes longer than the policy allows.
        """
        with self.transaction() as connection:
            connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            connection.execute(sa.text(f"SET LOCAL statement_timeout = {self.policy.statement // _MILLISECOND}"))
            connection.execute(sa.text(f"SET LOCAL ROLE {role_name(ANALYST)}"))
            yield connection
            connection.execute(sa.text("RESET ROLE"))

    @contextmanager
    def seeing(self, role: str, token: str) -> Iterator[sa.Connection]:
        """A transaction with the rights of ``role`` in the register, for the session of ``token``, and no others.

        All that is read in it is of one moment: the register may be refreshed meanwhile.
        """
        with self.transaction() as connection:
            connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            with own_persons.seeing(connection, role, token):
                yield connection
