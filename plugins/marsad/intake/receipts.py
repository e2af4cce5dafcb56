"""Receipts: what a provider holds in hand after a delivery. Signed, and tied to the head of the audit chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marsad.audit import AUDIT_HEAD, SIGNATURE, Head, Signer, sign
from marsad.intake.ledger import Delivery
from marsad.intake.rows import UNKNOWN_PERIOD
from marsad.quality.findings import Broken


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a delivery; ``read = accepted + quarantined + unchanged`` always.

    ``withdrawn`` are records that counted until its rows took them back, ``outdated`` good rows of which
    a newer version is known.
    """

    read: int
    accepted: int
    quarantined: int
    unchanged: int
    withdrawn: int = 0
    outdated: int = 0


def status_of(refused: bool, counts: Counts, broken: Sequence[Broken]) -> str:
    """``accepted``, ``accepted_with_findings`` or ``refused``; repairs (info) and confirmed warnings worry nobody."""
    if refused:
        return "refused"
    worried = counts.quarantined or any(b.severity in ("critical", "warning") for b in broken)
    return "accepted_with_findings" if worried else "accepted"


def tally(broken: Sequence[Broken], severity: str) -> int:
    """Number of findings of one severity; a finding on the file as a whole counts once."""
    return sum(max(len(b.rows), 1) for b in broken if b.severity == severity)


def compose(
    delivery: Delivery,
    status: str,
    counts: Counts,
    broken: Sequence[Broken],
    *,
    periods: Sequence[str],
    reports: Mapping[str, str],
    seconds: float,
) -> dict[str, Any]:
    """The receipt's document, before it is sealed with head and signature; ``periods`` with that of most rows first.

    ``admitted`` stands in that of an admitted file alone: why its refusal was set aside. ``withdrawn`` and ``outdated``
    (``Counts``) stand there where they are not 0.
    """
    return {
        "delivery_id": delivery.delivery_id,
        "feed": delivery.feed,
        "provider": delivery.provider,
        "file_name": delivery.file_name,
        "sha256": delivery.sha256,
        "status": status,
        "period": next(iter(periods), None),
        "periods": sorted(set(periods) - {UNKNOWN_PERIOD}),
        "contract_version": delivery.contract_version,
        "rows_read": counts.read,
        "rows_accepted": counts.accepted,
        "rows_quarantined": counts.quarantined,
        "rows_unchanged": counts.unchanged,
        "errors": tally(broken, "critical"),
        "warnings": tally(broken, "warning"),
        "confirmed": tally(broken, "confirmed"),
        "supersedes": delivery.rejudges,
        "reports": dict(reports),
        "seconds": round(seconds, 3),
        **{name: count for name in ("withdrawn", "outdated") if (count := getattr(counts, name))},
        **({"admitted": delivery.admitted} if delivery.admitted else {}),
    }


def seal(receipt: Mapping[str, Any], head: Head, signer: Signer) -> dict[str, Any]:
    """The receipt with the audit chain's head and the platform's signature over all of it."""
    document = {**receipt, AUDIT_HEAD: str(head)}
    return {**document, SIGNATURE: sign(document, signer)}


def duplicate(first: Mapping[str, Any], file_name: str, head: Head, signer: Signer) -> dict[str, Any]:
    """The receipt of bytes that came before: same counts and verdict, with the first receipt inside."""
    repeated = {k: v for k, v in first.items() if k not in (AUDIT_HEAD, SIGNATURE)}
    return seal({**repeated, "file_name": file_name, "status": "duplicate", "first": dict(first)}, head, signer)


def exit_code(receipt: Mapping[str, Any]) -> int:
    """0 accepted, 1 some rows quarantined, 2 refused; a duplicate repeats the first receipt's."""
    told = receipt.get("first", receipt)
    if told["status"] == "refused":
        return 2
    return 1 if told["rows_quarantined"] else 0
