"""Settling: the one transaction that writes data, quarantine, findings, ledger, receipt and audit, or nothing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

import sqlalchemy as sa

from marsad import audit
from marsad.contracts.model import Contract
from marsad.errors import PassingFault
from marsad.intake import current, justifications, ledger, receipts
from marsad.intake.current import Target
from marsad.intake.judging import Judged, Previous
from marsad.intake.ledger import Delivery
from marsad.intake.merge import Known, Merge
from marsad.intake.office import Office
from marsad.intake.receipts import Counts
from marsad.intake.reports import report_paths
from marsad.intake.stage import Stage
from marsad.quality.findings import Broken

ACTOR = "loader"
_FINDINGS_AT_ONCE = 20_000  # a megabyte or two; every row of a large file may break several rules
_COPY_FINDINGS = """
    COPY quarantine.finding (delivery_id, rule, severity, scope, sheet, row, "column", params) FROM STDIN (FORMAT csv)
"""


Outcome: TypeAlias = tuple[str, Counts, list[str]]  # status, counts, periods


@dataclass(frozen=True, slots=True)
class Work:
    """One attempt at one delivery. ``key_attempt`` names the file of the key store that this attempt sealed into."""

    office: Office
    delivery: Delivery
    contract: Contract
    stage: Stage
    key_attempt: int

    @property
    def target(self) -> Target:
        """Where the rows go."""
        d = self.delivery
        return Target(d.delivery_id, d.feed, d.provider, self.key_attempt, self.office.clock())


def previous(connection: sa.Connection, delivery: Delivery) -> Previous:
    """Size and share of unknown codes of the provider's last accepted delivery of the feed."""
    row = connection.execute(
        sa.text(
            """
            SELECT d.rows_read, max(c.unmapped_share) AS share
            FROM ops.delivery d JOIN ops.coverage c USING (delivery_id)
            WHERE d.feed = :feed AND d.provider = :provider AND d.status IN ('accepted', 'accepted_with_findings')
            GROUP BY d.delivery_id ORDER BY d.seq DESC LIMIT 1
            """
        ),
        {"feed": delivery.feed, "provider": delivery.provider},
    ).one_or_none()
    return Previous(row.rows_read, row.share) if row else Previous()


def merge_of(connection: sa.Connection, work: Work) -> Merge:
    """The way of the delivery's rows into core, within the transaction of ``connection``."""
    return Merge(connection, work.stage, work.contract, dict(work.office.catalog.model), work.target)


def write_rows(connection: sa.Connection, work: Work, merge: Merge, judged: Judged) -> Outcome:
    """Writes everything but receipt and audit; returns status, counts and periods, that of most rows first."""
    if judged.file_refused:
        merge.undo()
        counts, periods = Counts(judged.rows, 0, judged.rows, 0), list[str]()
    else:
        counts, periods = _merged(connection, work, merge, judged)
    if judged.rows:
        merge.keep_quarantine()
    status = receipts.status_of(judged.file_refused, counts, judged.broken)
    _write_findings(connection, work.delivery, judged.broken)
    _close(connection, work, status, counts, next(iter(periods), None))
    if not judged.file_refused:
        justifications.keep(connection, work.stage, work.delivery.delivery_id, judged.broken, work.office.clock())
        current.refresh_current(connection, work.target, snapshot=work.contract.mode == "snapshot")
    return status, counts, periods


def foresee(connection: sa.Connection, work: Work, judged: Judged) -> Outcome:
    """What ``write_rows`` would return now, without writing anything but temporary tables."""
    if judged.file_refused:
        counts, periods = Counts(judged.rows, 0, judged.rows, 0), list[str]()
    else:
        known, periods = merge_of(connection, work).foresee()
        counts = _counts(judged, known)
    return receipts.status_of(judged.file_refused, counts, judged.broken), counts, periods


def _merged(connection: sa.Connection, work: Work, merge: Merge, judged: Judged) -> tuple[Counts, list[str]]:
    known = merge.finish()
    snapshot = work.contract.mode == "snapshot"
    for earlier in ledger.of_same_content(connection, work.delivery, ledger.ACCEPTED, work.contract):
        current.supersede(connection, work.target, earlier.delivery_id, snapshot=snapshot)
    merge.cover(judged.unmapped_share)
    periods = connection.execute(
        sa.text("SELECT period FROM ops.coverage WHERE delivery_id = :id ORDER BY rows DESC, period"),
        {"id": work.delivery.delivery_id},
    ).scalars()
    return _counts(judged, known), list(periods)


def _counts(judged: Judged, known: Known) -> Counts:
    accepted = judged.rows - judged.refused - known.unchanged
    return Counts(judged.rows, accepted, judged.refused, known.unchanged, known.withdrawn, known.outdated)


def _close(connection: sa.Connection, work: Work, status: str, counts: Counts, period: str | None) -> None:
    closed = connection.execute(
        sa.text(
            """
            UPDATE ops.delivery SET status = :status, rows_read = :read, rows_accepted = :accepted,
                   rows_quarantined = :quarantined, rows_unchanged = :unchanged, period = :period, last_fault = NULL,
                   finished_at = :at
            WHERE delivery_id = :id AND status = 'received'
            """
        ),
        {
            "status": status, "read": counts.read, "accepted": counts.accepted, "quarantined": counts.quarantined,
            "unchanged": counts.unchanged, "period": period, "at": work.office.clock(), "id": work.delivery.delivery_id,
        },
    )  # fmt: skip
    if not closed.rowcount:  # the claim's connection broke, and whoever claimed it next was faster
        raise PassingFault("another process settled this delivery")
    # What a judgement refuses leaves that of an earlier one as it is, but for an earlier refusal.
    states = ("refused",) if status == "refused" else ledger.DONE
    earlier = ledger.of_same_content(connection, work.delivery, states, work.contract)
    ledger.supersede(connection, [delivery.delivery_id for delivery in earlier], work.delivery.delivery_id)


def _write_findings(connection: sa.Connection, delivery: Delivery, broken: Sequence[Broken]) -> None:
    rows = _finding_rows(delivery, broken)
    cursor = connection.connection.cursor()
    while part := list(islice(rows, _FINDINGS_AT_ONCE)):
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(part)
        buffer.seek(0)
        cursor.copy_expert(_COPY_FINDINGS, buffer)


def _finding_rows(delivery: Delivery, broken: Sequence[Broken]) -> Iterator[tuple[object, ...]]:
    for one in broken:
        rule = one.rule
        params = json.dumps(dict(one.params), ensure_ascii=False) if one.params else None
        for row in one.rows if one.rows.size else (None,):
            yield delivery.delivery_id, rule.id, rule.severity, rule.scope, one.sheet, row, rule.column, params


def issue_receipt(
    connection: sa.Connection, work: Work, outcome: Outcome, judged: Judged, seconds: float
) -> list[dict[str, Any]]:
    """Writes audit events and signed receipts, last in the transaction.

    Returns the delivery's receipt, then those of arrivals that repeated it while it was being judged.
    """
    draft = compose(work, outcome, judged, seconds)
    repeated = _unanswered(connection, work.delivery)
    _restate(connection, work.office, work.delivery, repeated)
    head = audit.append(
        connection, ACTOR, "delivery.settled", work.delivery.delivery_id, _audited(draft), work.office.clock()
    )
    receipt = receipts.seal(draft, head, work.office.keyring.signer)
    connection.execute(
        sa.text("UPDATE ops.delivery SET receipt = CAST(:receipt AS jsonb) WHERE delivery_id = :id"),
        {"receipt": json.dumps(receipt), "id": work.delivery.delivery_id},
    )
    settled = ledger.get(connection, work.delivery.delivery_id)
    return [receipt, *(_answer(connection, work.office, settled, arrival) for arrival in repeated)]


def compose(work: Work, outcome: Outcome, judged: Judged, seconds: float) -> dict[str, Any]:
    """The receipt before it is sealed."""
    status, counts, periods = outcome
    paths = report_paths(work.office.settings.place("reports"), work.delivery.provider, work.delivery.delivery_id)
    return receipts.compose(
        work.delivery,
        status,
        counts,
        judged.broken,
        periods=periods,
        reports={kind: str(path.relative_to(work.office.settings.home)) for kind, path in paths.items()},
        seconds=seconds,
    )


def _audited(receipt: dict[str, Any]) -> dict[str, Any]:
    kept = ("feed", "provider", "sha256", "status", "rows_read", "rows_accepted", "rows_quarantined", "rows_unchanged")
    return {name: receipt[name] for name in kept}


def answer_duplicates(connection: sa.Connection, office: Office, delivery: Delivery) -> list[dict[str, Any]]:
    """Gives every arrival after the first its receipt, which repeats the first; returns them in order of arrival."""
    repeated = _unanswered(connection, delivery)
    _restate(connection, office, delivery, repeated)
    return [_answer(connection, office, delivery, arrival) for arrival in repeated]


def _unanswered(connection: sa.Connection, delivery: Delivery) -> list[sa.Row[Any]]:
    """Arrivals that repeat a delivery. One that judges older bytes again came without an arrival: all repeat it."""
    query = sa.text(
        """
        SELECT arrival_id, file_name, received_at FROM ops.arrival a
        WHERE delivery_id = :id AND receipt IS NULL
          AND (:rejudged OR EXISTS (
              SELECT FROM ops.arrival f WHERE f.delivery_id = :id AND f.arrival_id < a.arrival_id))
        ORDER BY arrival_id FOR UPDATE
        """
    )
    values = {"id": delivery.delivery_id, "rejudged": delivery.rejudges is not None}
    return list(connection.execute(query, values))


def _answer(connection: sa.Connection, office: Office, delivery: Delivery, arrival: sa.Row[Any]) -> dict[str, Any]:
    detail = {"feed": delivery.feed, "provider": delivery.provider, "sha256": delivery.sha256}
    head = audit.append(connection, ACTOR, "arrival.duplicate", delivery.delivery_id, detail, office.clock())
    receipt = receipts.duplicate(delivery.receipt or {}, arrival.file_name, head, office.keyring.signer)
    connection.execute(
        sa.text("UPDATE ops.arrival SET receipt = CAST(:receipt AS jsonb) WHERE arrival_id = :id"),
        {"receipt": json.dumps(receipt), "id": arrival.arrival_id},
    )
    return receipt


def _restate(connection: sa.Connection, office: Office, delivery: Delivery, repeated: Sequence[sa.Row[Any]]) -> None:
    """A feed without versions takes what came last, so the same bytes again make their rows the newest again."""
    contract = office.contract(delivery.feed)
    if contract.revision.kind != "received" or not repeated:
        return
    current.lock(connection, delivery.feed, delivery.provider)
    latest = max(arrival.received_at for arrival in repeated)
    current.restate(connection, delivery, latest, snapshot=contract.mode == "snapshot")
