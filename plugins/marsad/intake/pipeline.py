"""The way of a delivery, as the command line and the DAGs walk it: receive, claim, judge, settle; judge again; retract.

Every step can be killed and run again: receiving is idempotent by content, the claim goes with the process, and
settling is one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from marsad import audit
from marsad.audit import Head
from marsad.errors import MarsadError, PassingFault, UsageFault, own_faults_only
from marsad.identity.vault import Sealer
from marsad.intake import admission, current, inbox, landing, ledger, leftovers, settle
from marsad.intake.judging import FileJudge, Judged
from marsad.intake.ledger import Arrival, Delivery
from marsad.intake.merge import Merge
from marsad.intake.naming import name_facts
from marsad.intake.office import Office
from marsad.intake.reports import drafts, publish_reports, receipt_path, write_receipt, write_reports
from marsad.intake.rows import FileFacts
from marsad.intake.sending import check_sending
from marsad.intake.settle import Work
from marsad.intake.stage import Stage
from marsad.settings import Settings
from marsad.warehouse.engine import clean_errors
from marsad.warehouse.planning import look_at_grown

_RECEIPTS_BACK = timedelta(days=3)  # as long as nobody may look after a full disk or a killed loader
_STANDING = ("received", *ledger.DONE, ledger.SUPERSEDED)  # a superseded judgement could be judged again
_WAIT_SECONDS = 0.2  # between two looks at a delivery that another process works on


@dataclass(slots=True)
class DrainResult:
    """What one drain of a feed did: numbers only, fit for Airflow's XCom."""

    deliveries: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    refused: int = 0
    duplicates: int = 0
    changed: bool = False


def receive_inbox(settings: Settings, feed: str) -> int:
    """Takes every ready file of ``feed`` from the inbox into landing and ledger; returns how many arrived.

    A file that fails for a reason of ours stays and does not hold up the others; after them the first such fault is
    raised.

    Raises:
        PassingFault, PlatformFault: landing, ledger or disk; files not yet taken stay in the inbox.
    """
    return receive_waiting(Office.open(settings, feed=feed), feed, time.time())


def receive_waiting(office: Office, feed: str, now: float) -> int:
    """``receive_inbox`` of an open office at ``now`` (epoch); first come files that a killed receiver had taken."""
    place = office.settings.place("inbox")
    inbox.sweep(place, feed, now)
    received, first = 0, None
    for file in (*inbox.left(place, feed), *inbox.waiting(place, feed, now)):
        try:
            received += _receive_waiting(office, file)
        except MarsadError as fault:
            first = first or fault
    if first:
        raise first
    return received


def _receive_waiting(office: Office, file: inbox.Waiting) -> bool:
    with own_faults_only(), inbox.taken(file) as path:
        if path is None:
            return False
        receive(office, path, file.feed, file.provider, path.name)
    return True


def receive(office: Office, path: Path, feed: str, provider: str, file_name: str) -> tuple[Delivery, bool]:
    """Lands one file and enters it in the ledger, with public keys only; returns its delivery and whether it is new."""
    terms = office.terms(feed)
    landed = landing.receive(path, office.landing, office.keyring.public)
    name = inbox.text_name(file_name)
    facts = name_facts(office.contract(feed), name)
    arrival = Arrival(feed, provider, name, landed.sha256, landed.size, office.clock(), facts)
    with clean_errors(), office.engine.begin() as connection:
        return ledger.register(connection, arrival, terms)


def drain(settings: Settings, feed: str, since: datetime | None = None) -> DrainResult:
    """Judges and settles every open delivery of ``feed`` that nobody else works on.

    ``changed`` also tells of rows that others loaded after ``since`` (None: ever), who may have been killed before they
    could say so; receipts that they could not put down are written. A delivery that fails for a reason of ours stays
    open and does not hold up the others; after them the first such fault is raised.
    """
    office = Office.open(settings, feed=feed)
    leftovers.sweep(office)
    admission.take_decided(office, feed)
    result, first = DrainResult(duplicates=answer_repeats(office, feed)), None
    seen: list[str] = []
    while True:
        with ledger.claim(office.engine, feed=feed, skip=tuple(seen)) as delivery:
            if delivery is None:
                break
            seen.append(delivery.delivery_id)
            try:
                _add(result, process(office, delivery))
            except MarsadError as fault:
                first = first or fault
    try:
        hand_out_missing(office, feed)
    except MarsadError as fault:
        first = first or fault
    if first:
        raise first
    with clean_errors(), office.engine.connect() as connection:
        result.changed = ledger.changed_since(connection, feed, since or datetime.min.replace(tzinfo=UTC))
    return result


def _add(result: DrainResult, receipt: dict[str, Any]) -> None:
    if receipt["status"] == "duplicate":
        result.duplicates += 1
        return
    result.deliveries += 1
    result.rows_accepted += receipt["rows_accepted"]
    result.rows_quarantined += receipt["rows_quarantined"]
    result.refused += receipt["status"] == "refused"


def ingest(office: Office, path: Path, feed: str, provider: str) -> dict[str, Any]:
    """One delivery without Airflow, the same code; returns its receipt, or the duplicate's.

    Who was killed over a delivery, once work on it had begun, and sends it again gets its receipt.

    Raises:
        UsageFault: no such file, feed or provider.
    """
    check_sending(path, office.contract(feed), provider, office.settings.place("inbox"))
    delivery, new = receive(office, path, feed, provider, path.name)
    receipt, resumed = _settled(office, delivery)
    return receipt if new or resumed else _answer_repeat(office, delivery.delivery_id) or receipt


def _answer_repeat(office: Office, delivery_id: str) -> dict[str, Any] | None:
    """Answers what repeated a settled delivery; returns the receipt of the last repeat, None if there was none."""
    with clean_errors(), office.engine.begin() as connection:
        answers = settle.answer_duplicates(connection, office, ledger.get(connection, delivery_id))
        told = ledger.last_answer(connection, delivery_id)
    _hand_out(office, answers)
    return told


def answer_repeats(office: Office, feed: str) -> int:
    """Gives their receipts to bytes of ``feed`` that came again after they were judged; returns how many."""
    with clean_errors(), office.engine.connect() as connection:
        repeated = ledger.unanswered(connection, feed)
    for delivery_id in repeated:  # each by itself: the audit's lock is taken last, after that of the merge
        _answer_repeat(office, delivery_id)
    return len(repeated)


def settle_now(office: Office, delivery: Delivery) -> dict[str, Any]:
    """The receipt of one delivery: at once if it is settled, else after working on it or waiting for who does.

    Raises:
        UsageFault: it was retracted before anybody settled it.
    """
    return _settled(office, delivery)[0]


def _settled(office: Office, delivery: Delivery) -> tuple[dict[str, Any], bool]:
    """Also whether this took up what somebody had begun and not finished."""
    if delivery.receipt is not None:
        return delivery.receipt, False
    while True:
        with ledger.claim(office.engine, delivery_id=delivery.delivery_id) as claimed:
            if claimed is not None:
                return process(office, claimed), claimed.attempts > 0
        with clean_errors(), office.engine.connect() as connection:
            found = ledger.get(connection, delivery.delivery_id)
        if found.receipt is not None:
            return found.receipt, False
        if found.status == ledger.SUPERSEDED:  # before it was judged: another delivery of its content took its place
            return _settled(office, _instead(office, found))
        if found.status != "received":
            raise UsageFault(f"delivery {delivery.delivery_id} was retracted before it was judged")
        time.sleep(_WAIT_SECONDS)


def _instead(office: Office, superseded: Delivery) -> Delivery:
    contract = office.contract(superseded.feed)
    with clean_errors(), office.engine.connect() as connection:
        live = ledger.of_same_content(connection, superseded, ("received", *ledger.DONE), contract)
    if not live:
        raise UsageFault(f"delivery {superseded.delivery_id} was retracted before it was judged")
    return live[-1]


def process(office: Office, delivery: Delivery) -> dict[str, Any]:
    """Judges and settles a claimed delivery; returns its receipt.

    Raises:
        MarsadError: a fault of ours, noted beside the delivery, which stays open; or the receipt of the settled
            delivery could not be put down or its staging not be dropped, which a later drain does.
    """
    delivery, met = _renewed(office, delivery)
    if met:
        receipt = settle_now(office, met)
        return _answer_repeat(office, met.delivery_id) or receipt
    attempt = ledger.begin_attempt(office.engine, delivery)
    look_at_grown(office.engine)
    try:
        with own_faults_only():
            stage = Stage(office.engine, office.contract(delivery.feed), delivery.delivery_id, attempt)
            receipts = _process(office, delivery, stage)
    except PassingFault:
        raise
    except MarsadError as fault:
        ledger.note_fault(office.engine, delivery, str(fault))
        raise
    with own_faults_only():
        _hand_out(office, receipts)
        stage.drop()
    return receipts[0]


def _renewed(office: Office, delivery: Delivery) -> tuple[Delivery, Delivery | None]:
    """The delivery under the terms of now; and the one that judges the same content under them already, if any."""
    terms, facts = office.terms(delivery.feed), name_facts(office.contract(delivery.feed), delivery.file_name)
    with clean_errors(), office.engine.begin() as connection:
        met = ledger.renew_terms(connection, delivery, terms, facts)
        return ledger.get(connection, delivery.delivery_id), ledger.get(connection, met) if met else None


def _process(office: Office, delivery: Delivery, stage: Stage) -> list[dict[str, Any]]:
    started = time.monotonic()
    contract = stage.contract
    tmp = office.settings.place("tmp")
    with Sealer(office.keyring, delivery.delivery_id) as sealer:
        facts = FileFacts(delivery.file_name, delivery.received_at)
        judge = FileJudge(office, contract, delivery.provider, facts, stage, sealer)
        with clean_errors(), office.engine.connect() as connection:
            before = settle.previous(connection, delivery)
        work = Work(office, delivery, contract, stage, sealer.attempt)
        with clean_errors(), office.engine.begin() as connection:
            merge = settle.merge_of(connection, work)
            with landing.open_landed(delivery.sha256, office.landing, office.keyring, tmp) as path:
                judged = judge.judge(path, before, merge.take)
            judged = admission.set_aside(judged) if delivery.admitted else judged
            return _settle(connection, work, merge, judged, sealer, started)


def _settle(
    connection: sa.Connection, work: Work, merge: Merge, judged: Judged, sealer: Sealer, started: float
) -> list[dict[str, Any]]:
    outcome = settle.write_rows(connection, work, merge, judged)
    seconds = time.monotonic() - started
    draft = settle.compose(work, outcome, judged, seconds)
    lists, place = work.office.catalog.codelists, work.office.settings.place("reports")
    aside = drafts(place, work.delivery.delivery_id)
    write_reports(aside, draft, work.contract, judged.broken, lists, judged.titles)
    if judged.rows:  # else nothing was staged
        sealer.destroy(merge.erased(work.delivery.sha256))
    sealer.commit()
    return settle.issue_receipt(connection, work, outcome, judged, seconds)


def _hand_out(office: Office, receipts: list[dict[str, Any]]) -> None:
    """Puts reports and signed receipts where providers find them, and the newest head outside the database.

    After the commit: a head that was rolled back would look like a cut tail, a report would tell what never was.
    Receipts stay in the ledger too.
    """
    _put_down(office.settings.place("reports"), receipts)
    if receipts:
        office.write_head(Head.parse(receipts[-1][audit.AUDIT_HEAD]))


def hand_out_missing(office: Office, feed: str) -> int:
    """Writes receipts and reports of the last days whose loader was killed after its commit, or found the disk full.

    Returns how many. Raises PassingFault or PlatformFault when the folder cannot be written.
    """
    with clean_errors(), office.engine.connect() as connection:
        receipts = ledger.receipts_since(connection, feed, office.clock() - _RECEIPTS_BACK)
    place = office.settings.place("reports")
    missing = [receipt for receipt in receipts if not receipt_path(place, receipt).exists()]
    _put_down(place, missing)
    return len(missing)


def _put_down(place: Path, receipts: Iterable[dict[str, Any]]) -> None:
    """The receipt comes last: where one is, its reports are."""
    for receipt in receipts:
        publish_reports(place, receipt)
        write_receipt(place, receipt)


def rejudge(office: Office, target: str) -> list[dict[str, Any]]:
    """Judges again from landing what other terms may read better, if the terms changed (``ledger.to_rejudge``).

    ``target`` is a delivery id or a feed. Returns the new receipts; none when contract, code lists and suite are still
    the same.

    Raises:
        UsageFault: neither a feed nor a delivery has that name.
        KeyDestroyed: what was sent as that delivery is gone by policy; of a feed such deliveries are left out.
    """
    with clean_errors(), office.engine.connect() as connection:
        if target not in office.catalog.contracts and not ledger.exists(connection, target):
            raise UsageFault(f"there is no feed or delivery '{target}'")
        old = [ledger.get(connection, id_) for id_ in ledger.to_rejudge(connection, target)]
    receipts = []
    for delivery in old:
        kept = landing.is_kept(delivery.sha256, office.landing, office.keyring.public)
        if target != delivery.delivery_id and not kept:
            continue
        again, new = admission.judge_again(office, delivery)
        if new:
            receipts.append(settle_now(office, again))
    return receipts


def admit(office: Office, delivery_id: str, reason: str, note: str, actor: str) -> dict[str, Any]:
    """Loads the good rows of a file that a rule on the whole delivery refused; returns the new judgement's receipt.

    Repeatable: what was decided and done stands.

    Raises:
        UsageFault: no such delivery, or ``admission.decide`` says why it cannot be admitted.
    """
    with clean_errors(), office.engine.begin() as connection:
        if not ledger.exists(connection, delivery_id):
            raise UsageFault(f"there is no delivery {delivery_id}")
        head = admission.decide(connection, delivery_id, reason, note, actor, office.clock())
    if head:
        office.write_head(head)
    return settle_now(office, admission.judgement(office, delivery_id))


@dataclass(frozen=True, slots=True)
class Retracted:
    """What was withdrawn, and how many rows it still stated; ``before``: that had been done already."""

    feed: str
    provider: str
    file_name: str
    rows: int
    before: bool


def retract(office: Office, delivery_id: str, actor: str) -> Retracted:
    """Withdraws a whole delivery and every re-judgement of the same bytes.

    Raises:
        UsageFault: no such delivery.
    """
    with clean_errors(), office.engine.begin() as connection:
        if not ledger.exists(connection, delivery_id):
            raise UsageFault(f"there is no delivery {delivery_id}")
        named = ledger.get(connection, delivery_id)
        what = (named.feed, named.provider, named.file_name)
        if named.status == "retracted":
            return Retracted(*what, rows=0, before=True)
        current.lock(connection, named.feed, named.provider)
        # Also a judgement still open: whoever works on it finds the delivery retracted and writes nothing.
        contract = office.contract(named.feed)
        deliveries = [named, *ledger.of_same_content(connection, named, _STANDING, contract)]
        snapshot = contract.mode == "snapshot"
        # Bytes that came again before were the same statement, and are withdrawn with it.
        answers = [one for d in deliveries if d.receipt for one in settle.answer_duplicates(connection, office, d)]
        ledger.retract(connection, [d.delivery_id for d in deliveries])
        rows = sum(current.retract(connection, d, office.clock(), snapshot=snapshot) for d in deliveries)
        head = audit.append(connection, actor, "delivery.retracted", delivery_id, {"rows": rows}, office.clock())
    _hand_out(office, answers)
    office.write_head(head)
    return Retracted(*what, rows=rows, before=False)
