"""A platform of a few small feeds on a real database, with helpers to send files and to look at what came of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from marsad.contracts.load import load_contracts
from marsad.identity.keys import KeyRing
from marsad.identity.vault import KeyRef, open_many
from marsad.intake import pipeline
from marsad.intake.office import Office
from marsad.intake.proof import verify_trail
from marsad.intake.rows import QUARANTINE, VAULT
from marsad.quality.structural import load_rulebook
from marsad.quality.suites import sync_suite
from marsad.settings import PROJECT, Settings

FEEDS = Path(__file__).parent / "feeds" / "contracts"
START = datetime(2030, 1, 15, 9, 0, tzinfo=UTC)
ENTITY = {"lab/visits": "victim"}  # the others feed `service`
_KEYS = {"content_id", "item", "delivery_id", "recorded_at"}


class Clock:
    """A clock that is a second later each time it is asked."""

    def __init__(self, start: datetime = START) -> None:
        self.now = start

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def settings_of(home: Path, url: str) -> Settings:
    """Settings of a home with its own copy of the small feeds and their suites."""
    contracts, suites = home / "contracts", home / "expectations"
    if not contracts.exists():
        shutil.copytree(FEEDS, contracts)
    settings = Settings(home, url, (contracts,), (suites,))
    sync(settings)
    return settings


def sync(settings: Settings) -> None:
    """Brings the suites in step with the contracts."""
    book = load_rulebook(settings.schemas)
    for contract in load_contracts(settings.contract_dirs).values():
        sync_suite(contract, settings.expectation_dirs[0] / f"{contract.feed}.json", book)


@dataclass(repr=False)
class Station:
    """One installation. Senders are told apart by name, so that many tests can share one."""

    office: Office
    outside: Path  # where senders keep their files, not part of the home
    made: int = 0
    _senders: int = field(default=0)

    @classmethod
    def build(cls, base: Path, url: str) -> Station:
        home, outside = base / "home", base / "outside"
        home.mkdir(mode=0o700, parents=True)
        outside.mkdir()
        settings = settings_of(home, url)
        KeyRing.create(settings.place("keys"))
        return cls(Office.open(settings, Clock()), outside)

    @property
    def home(self) -> Path:
        return self.office.settings.home

    def sender(self) -> str:
        self._senders += 1
        return f"S{self._senders}"

    def reopen(self) -> None:
        """What a new process would see: contracts, code lists and suites read again."""
        sync(self.office.settings)
        self.office = Office.open(self.office.settings, self.office.clock)

    @contextmanager
    def amended(self, feed: str, old: str, new: str) -> Iterator[None]:
        """Another text in a contract, for a while."""
        path = self.office.settings.contract_dirs[0] / f"{feed}.yaml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")
        self.reopen()
        try:
            yield
        finally:
            path.write_text(text, "utf-8")
            self.reopen()

    def file(self, content: str | bytes, name: str | None = None) -> Path:
        self.made += 1
        path = self.outside / str(self.made) / (name or f"file{self.made}.csv")
        path.parent.mkdir()
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def send(self, feed: str, content: str | bytes, provider: str, name: str | None = None) -> dict[str, Any]:
        receipt = pipeline.ingest(self.office, self.file(content, name), feed, provider)
        assert receipt["rows_read"] == (
            receipt["rows_accepted"] + receipt["rows_quarantined"] + receipt["rows_unchanged"]
        )
        return receipt

    def rows(self, query: str, **values: object) -> list[dict[str, Any]]:
        with self.office.engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.text(query), values).mappings()]

    def one(self, query: str, **values: object) -> Any:
        with self.office.engine.connect() as connection:
            return connection.execute(sa.text(query), values).scalar()

    def state(self, feed: str, provider: str, *columns: str) -> list[tuple[Any, ...]]:
        """What counts now, by content: record, version, period and the named columns, without any id of ours."""
        entity = ENTITY.get(feed, "service")
        query = f"""SELECT s.record_id, s.version, s.period, encode(s.fingerprint, 'hex') AS fingerprint, e.*
            FROM core.sighting s LEFT JOIN core.{entity} e USING (content_id)
            WHERE s.feed = :feed AND s.provider = :provider AND s.current ORDER BY s.record_id, s.fingerprint"""
        found = self.rows(query, feed=feed, provider=provider)
        names = columns or [name for name in (found[0] if found else ()) if name not in _KEYS]
        return [tuple(row[name] for name in names) for row in found]

    def counts(self) -> dict[str, int]:
        """Rows of every table of the warehouse."""
        return {table: self.one(f"SELECT count(*) FROM {table}") for table in self.tables()}

    def tables(self) -> list[str]:
        query = """SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
            WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"""
        return [row["name"] for row in self.rows(query)]

    def findings(self, receipt: Mapping[str, Any]) -> dict[str, list[int | None]]:
        query = "SELECT rule, row FROM quarantine.finding WHERE delivery_id = :id ORDER BY rule, row"
        found: dict[str, list[int | None]] = {}
        for row in self.rows(query, id=receipt["delivery_id"]):
            found.setdefault(row["rule"], []).append(row["row"])
        return found

    def opened(self, table: str, delivery_ids: Iterable[str]) -> list[str]:
        """What the vault or the quarantine holds of deliveries, opened with the keys."""
        context = {"vault": VAULT, "quarantine": QUARANTINE}[table]
        found = self.rows(
            f"""SELECT delivery_id::text, attempt, key_slot, sealed FROM {table}.record
                WHERE delivery_id::text = ANY(:ids)""",
            ids=list(delivery_ids),
        )
        refs = [KeyRef(row["delivery_id"], row["attempt"], row["key_slot"]) for row in found]
        return [
            text.decode()
            for text in open_many(self.office.keyring, refs, [r["sealed"] for r in found], context)
            if text
        ]

    def forget(self) -> None:
        """Empties ledger and warehouse, so that the same sender can begin anew; the audit trail stays."""
        with self.office.engine.begin() as connection:
            for table in self.tables():
                if table.split(".")[0] in {"core", "vault", "quarantine"}:
                    connection.execute(sa.text(f"DELETE FROM {table}"))
            for table in ("ops.justification", "ops.arrival", "ops.claim", "ops.coverage", "ops.delivery"):
                connection.execute(sa.text(f"DELETE FROM {table}"))
        for path in self.office.keyring.store.glob("*.keys"):  # a sweep keeps what the ledger does not know
            path.unlink()

    def assert_whole(self) -> None:
        """The audit trail fits, nothing is left in staging, and no sealed row is without its key."""
        assert verify_trail(self.office) == []
        assert self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'stage'") == []
        ids = [row["id"] for row in self.rows("SELECT delivery_id::text AS id FROM ops.delivery")]
        for table in ("vault", "quarantine"):
            kept = self.one(f"SELECT count(*) FROM {table}.record WHERE sealed <> ''")  # of who was erased nothing is
            assert len(self.opened(table, ids)) == kept

    def close(self) -> None:
        self.office.engine.dispose()


def stations(base: Path, url: str) -> Iterator[Station]:
    """A station for a fixture to yield."""
    station = Station.build(base, url)
    yield station
    station.close()


VISITS = ("Numéro", "Nom", "Naissance", "Sexe", "Enfants", "Rencontre", "Récit", "Griffonnage", "Envoi")
PASS_PROTECTED = PROJECT.parent / "shared" / "data" / "messy" / "calamine" / "pass_protected.xlsx"


def csv(header: Iterable[str], *rows: Iterable[object], separator: str = ";") -> str:
    """A file as agencies send it; cells hold no separator."""
    return "".join(separator.join(map(str, row)) + "\r\n" for row in (header, *rows))


def visit(number: object, sent: str = "01/02/2024", **changed: object) -> list[object]:
    """A sound row of lab/visits."""
    cells = dict(
        zip(VISITS, (number, "Nom Inventé", "03/04/1990", "F", 2, "15/01/2024", "récit", "note", sent), strict=True)
    )
    cells.update({name: changed.pop(name) for name in VISITS if name in changed})
    assert not changed
    return list(cells.values())


VISITS_OR_NOT = (*VISITS, "Opération")


def withdrawn_visit(number: object, sent: str) -> list[object]:
    """A row of lab/visits that withdraws its record and says nothing else."""
    return [number, *[""] * (len(VISITS) - 2), sent, "Retrait"]


def visits(*rows: list[object]) -> str:
    return csv(VISITS, *rows)


STAYS = ("Numéro", "Centre", "Enfants", "Entrée", "Envoi")


def stays(sent: str, **rows: tuple[str, str] | str) -> str:
    """A snapshot of lab/stays: ``number=shelter`` in January, or ``number=(shelter, day of entry)``."""
    lines = []
    for number, told in rows.items():
        shelter, entered = told if isinstance(told, tuple) else (told, "2024-01-10")
        lines.append((number, shelter, 1, entered, sent))
    return csv(STAYS, *lines)


NOTES = ("Numéro", "Centre", "Enfants")


def notes(**rows: str) -> str:
    """A file of lab/notes or lab/rolls: ``number=shelter``."""
    return csv(NOTES, *((number, shelter, 1) for number, shelter in rows.items()))
