"""What the ledger says to a submitter: the deliveries that its rights cover and no others, by the query itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import sqlalchemy as sa

from marsad import audit, durable
from marsad.intake import due, justifications
from marsad.intake.due import Slot
from marsad.intake.justifications import Standing
from marsad.intake.ledger import DONE
from marsad.intake.reports.files import report_paths
from marsad.intake.reports.findings import SEVERITIES, row_runs
from marsad.intake.reports.marks import rows_named
from marsad.portal.accounts import Account
from marsad.portal.site import Shelf, Site
from marsad.portal.uploads import Upload

_OWN = "(d.provider, d.feed) IN (SELECT * FROM unnest(CAST(:providers AS text[]), CAST(:feeds AS text[])))"
_LIST = f"""
    SELECT d.delivery_id::text, d.feed, d.provider, d.period, d.receipt -> 'periods' AS periods,
           coalesce(a.file_name, d.file_name) AS file_name,
           coalesce(a.received_at, d.received_at) AS received_at,
           coalesce(a.receipt ->> 'status', CASE WHEN d.status = 'refused' AND d.delivery_id IN
               (SELECT delivery_id FROM ops.admission) THEN 'admitted' ELSE d.status END) AS status,
           d.rows_read, d.rows_accepted, d.rows_quarantined, d.rows_unchanged,
           CAST(d.receipt ->> 'withdrawn' AS bigint) AS withdrawn
    FROM ops.delivery d LEFT JOIN ops.arrival a USING (delivery_id)
    WHERE {_OWN} ORDER BY coalesce(a.received_at, d.received_at) DESC, d.seq DESC LIMIT :limit OFFSET :offset
"""  # noqa: S608 - only our own words
_ONE = sa.text(f"SELECT d.receipt, d.status, d.received_at FROM ops.delivery d WHERE d.delivery_id = :id AND {_OWN}")  # noqa: S608
_AFTER = sa.text(
    f"""
    SELECT d.delivery_id::text, d.receipt IS NOT NULL AND (a.receipt IS NOT NULL OR NOT EXISTS (
               SELECT FROM ops.arrival f WHERE f.delivery_id = d.delivery_id AND f.arrival_id < a.arrival_id)) AS done
    FROM ops.arrival a JOIN ops.delivery d USING (delivery_id)
    WHERE d.feed = :feed AND d.sha256 = :sha256 AND d.provider = :provider AND a.received_at >= :sent AND {_OWN}
    ORDER BY a.arrival_id LIMIT 1
    """  # noqa: S608
)
_QUIET = sa.text(f"SELECT d.feed, d.period FROM ops.quiet d WHERE {_OWN}")  # noqa: S608
_INSTEAD = sa.text(
    """
    SELECT n.delivery_id::text FROM ops.delivery d JOIN ops.delivery n USING (feed, provider, sha256)
    WHERE d.delivery_id::text = :id AND d.status = 'superseded' AND n.status = ANY(:done)
      AND (n.facts = d.facts OR n.rejudges = d.delivery_id)
    ORDER BY n.seq DESC LIMIT 1
    """
)


def _own(shelf: Shelf, account: Account) -> dict[str, list[str]]:
    covered = shelf.covered(account)
    return {"providers": [name for name, _ in covered], "feeds": [contract.feed for _, contract in covered]}


def recent(
    connection: sa.Connection, shelf: Shelf, account: Account, limit: int, offset: int = 0
) -> list[dict[str, Any]]:
    """Its arrivals, newest first."""
    values = {**_own(shelf, account), "limit": limit, "offset": offset}
    return [dict(row._mapping) for row in connection.execute(sa.text(_LIST), values)]


def one(connection: sa.Connection, shelf: Shelf, account: Account, delivery_id: str) -> dict[str, Any] | None:
    """Receipt (None while it is judged), status and time of one delivery; None when it is not its own."""
    row = connection.execute(_ONE, {**_own(shelf, account), "id": delivery_id}).one_or_none()
    return dict(row._mapping) if row else None


def instead(connection: sa.Connection, delivery_id: str) -> str | None:
    """The judgement of the same content that counts where this one was superseded; None where there is none."""
    return connection.execute(_INSTEAD, {"id": delivery_id, "done": list(DONE)}).scalar()


def became(connection: sa.Connection, shelf: Shelf, account: Account, upload: Upload) -> tuple[str | None, bool]:
    """Which delivery a sent file became (None before it was taken) and whether its receipt is there."""
    values = {
        "feed": upload.feed, "provider": upload.provider, "sha256": upload.sha256, "sent": upload.sent_at,
        **_own(shelf, account),
    }  # fmt: skip
    row = connection.execute(_AFTER, values).one_or_none()
    return (row.delivery_id, row.done) if row else (None, False)


def expected(connection: sa.Connection, site: Site, account: Account) -> list[Slot]:
    """What it has yet to send as the ledger stands now, soonest first; of what it never sent, the newest period."""
    contracts = [contract for contract in site.shelf.catalog.contracts.values() if not contract.draft]
    policy = due.load_policy(site.settings.schemas)
    today = policy.day_of(site.clock())
    slots = due.standing(connection, contracts, policy, today, account.providers)
    offered = {(provider, contract.feed): contract for provider, contract in site.shelf.offers(account)}
    own = [slot for slot in slots if slot.waited_for and (slot.provider, slot.feed) in offered]
    new = offered.keys() - {(slot.provider, slot.feed) for slot in slots}
    first = [due.before_the_first(offered[key], key[0], policy, today) for key in new]
    return sorted([*own, *filter(None, first)], key=lambda slot: (slot.due_on, slot.feed, slot.provider))


def quiet(connection: sa.Connection, shelf: Shelf, account: Account) -> set[tuple[str, str]]:
    """Feeds and periods of which a provider of its has nothing to report."""
    return {(row.feed, row.period) for row in connection.execute(_QUIET, _own(shelf, account))}


def report(site: Site, receipt: Mapping[str, Any]) -> dict[str, Any]:
    """The report that lies beside a receipt, as JSON, with what was confirmed since; the receipt alone when it is gone.

    ``doubted`` names the rules under which rows still wait for a reason.
    """
    written = _written(site, receipt)
    with site.transaction() as connection:
        standing = justifications.standing(connection, receipt["delivery_id"])
    findings = [part for finding in written["findings"] for part in _parted(finding, standing)]
    since = sum(len(rule.confirmed) for rule in standing.values()) - written["confirmed"] if standing else 0
    return {
        **written,
        "warnings": written["warnings"] - since,
        "confirmed": written["confirmed"] + since,
        "findings": sorted(findings, key=lambda finding: SEVERITIES.index(finding["severity"])),
        "doubted": [name for name, rule in standing.items() if rule.open],
    }


def _parted(finding: dict[str, Any], standing: Mapping[str, Standing]) -> Iterator[dict[str, Any]]:
    """A warning in two: rows still in doubt, rows confirmed since."""
    rule = standing.get(finding["rule"]) if finding["severity"] == "warning" else None
    rows = rows_named([finding])
    known = rows.intersection(rule.confirmed) if rule else set()
    if not known:
        yield finding
        return
    for severity, part in (("warning", rows - known), ("confirmed", known)):
        if part:
            yield {**finding, "severity": severity, "count": len(part), "rows": row_runs(np.array(sorted(part)))}


def _written(site: Site, receipt: Mapping[str, Any]) -> dict[str, Any]:
    path = report_paths(site.settings.place("reports"), receipt["provider"], receipt["delivery_id"])["json"]
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {**receipt, "findings": []}
    except OSError as error:
        raise durable.os_fault(error, "reading a report") from None
    return dict(document)


def note(site: Site, account: Account, action: str, object_: str, **detail: str) -> None:
    """Audits that somebody looked or took something away."""
    with site.transaction() as connection:
        audit.append(connection, account.actor, action, object_, detail, site.clock())
