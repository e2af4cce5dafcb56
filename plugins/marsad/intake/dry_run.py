"""A dry run: the verdict that a delivery would get, as the command line, the portal and tests ask for it."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from marsad import durable
from marsad.errors import own_faults_only
from marsad.intake import inbox, ledger, settle
from marsad.intake.judging import FileJudge, Judged
from marsad.intake.ledger import Arrival
from marsad.intake.naming import name_facts
from marsad.intake.office import Office
from marsad.intake.rows import FileFacts
from marsad.intake.sending import check_sending
from marsad.intake.settle import Work
from marsad.intake.stage import Stage
from marsad.warehouse.engine import clean_errors


def check(office: Office, path: Path, feed: str, provider: str | None = None) -> tuple[dict[str, Any], Judged]:
    """Dry run: the verdict a delivery would get now, as an unsigned receipt, and what it rests on. Stores nothing.

    Rows are staged and held against the warehouse, so that counts of unchanged rows are right too; nothing but staging
    is ever written, and the role ``trial`` is enough. Bytes that were delivered before repeat their receipt.

    Raises:
        UsageFault: no such file, feed or provider.
    """
    contract = office.contract(feed)
    check_sending(path, contract, provider, office.settings.place("inbox"))
    if provider is None:
        provider = next(iter(contract.providers), "dry-run")
    started = time.monotonic()
    name = inbox.text_name(path.name)
    facts = name_facts(contract, name)
    arrival = Arrival(feed, provider, name, _sha256(path), path.stat().st_size, office.clock(), facts)
    with own_faults_only(), clean_errors(), office.engine.connect() as connection:
        known = ledger.find(connection, arrival, office.terms(feed))
        receipt, judged = _dry_run(office, connection, arrival, path, started)
    return (known.receipt if known and known.receipt else receipt), judged


def _sha256(path: Path) -> str:
    with durable.os_faults("reading the file"), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _dry_run(
    office: Office, connection: sa.Connection, arrival: Arrival, path: Path, started: float
) -> tuple[dict[str, Any], Judged]:
    contract = office.contract(arrival.feed)
    # A delivery of its own, in no ledger: one of the same bytes that waits or is worked on is never touched.
    delivery = ledger.imagined(connection, arrival, office.terms(arrival.feed))
    stage = Stage(office.engine, contract, delivery.delivery_id, 0)
    facts = FileFacts(arrival.file_name, delivery.received_at)
    try:
        stage.hold(connection)
        judge = FileJudge(office, contract, delivery.provider, facts, stage, None)
        judged = judge.judge(path, settle.previous(connection, delivery))
        work = Work(office, delivery, contract, stage, 0)
        outcome = settle.foresee(connection, work, judged)
        return {**settle.compose(work, outcome, judged, time.monotonic() - started), "dry_run": True}, judged
    finally:
        connection.rollback()
        stage.drop()
