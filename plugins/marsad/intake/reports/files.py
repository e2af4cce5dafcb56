"""The reports that lie beside a receipt: one page a language and a JSON document. Places and messages only."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from marsad import durable
from marsad.audit import AUDIT_HEAD, Head
from marsad.contracts.codelists import CodeList
from marsad.contracts.expected import expected_columns
from marsad.contracts.model import Contract
from marsad.intake.reports.findings import Titles, describe
from marsad.intake.reports.page import page
from marsad.quality.findings import Broken
from marsad.quality.messages import LANGUAGES

_DRAFTS = ".drafts"  # no name that a provider may have


def report_paths(folder: Path, provider: str, delivery_id: str) -> dict[str, Path]:
    """Where the reports of a delivery lie: ``json`` and one page a language."""
    names = {"json": f"{delivery_id}.json"} | {language: f"{delivery_id}.{language}.html" for language in LANGUAGES}
    return {kind: folder / provider / name for kind, name in names.items()}


def write_reports(
    folder: Path,
    receipt: Mapping[str, Any],
    contract: Contract,
    broken: Sequence[Broken],
    codelists: Mapping[str, CodeList],
    titles: Titles,
) -> Mapping[str, Path]:
    """Writes all reports of a delivery, replacing those of a killed attempt; returns their places.

    Raises:
        PassingFault, PlatformFault: the folder cannot be written.
    """
    paths = report_paths(folder, receipt["provider"], receipt["delivery_id"])
    told = document(receipt, contract, broken, codelists, titles)
    with durable.os_faults("writing reports"):
        durable.private_folder(paths["json"].parent)
        durable.write_whole(paths["json"], json.dumps(told, ensure_ascii=False, indent=1).encode())
        for language in LANGUAGES:
            durable.write_whole(paths[language], page(receipt, contract, told["findings"], language).encode())
    return paths


def drafts(folder: Path, delivery_id: str) -> Path:
    """Where reports of a verdict wait for its commit: nobody is shown what may never be."""
    return folder / _DRAFTS / delivery_id


def publish_reports(folder: Path, receipt: Mapping[str, Any]) -> None:
    """Puts the drafts of a committed verdict in their places; repeatable, and by several at once.

    Raises:
        PassingFault, PlatformFault: the folder cannot be written.
    """
    provider, delivery_id = str(receipt["provider"]), str(receipt["delivery_id"])
    waiting, places = drafts(folder, delivery_id), report_paths(folder, provider, delivery_id)
    with durable.os_faults("putting reports in place"):
        if not waiting.exists():
            return
        durable.private_folder(places["json"].parent)
        for kind, draft in report_paths(waiting, provider, delivery_id).items():
            with suppress(FileNotFoundError):
                draft.replace(places[kind])
        durable.sync_folder(places["json"].parent)
        shutil.rmtree(waiting, ignore_errors=True)


def drafted(folder: Path) -> list[str]:
    """Deliveries that have drafts."""
    place = folder / _DRAFTS
    return [path.name for path in place.iterdir()] if place.is_dir() else []


def drop_drafts(folder: Path, delivery_ids: Iterable[str]) -> None:
    """Removes drafts of verdicts that will never be."""
    for delivery_id in delivery_ids:
        shutil.rmtree(drafts(folder, delivery_id), ignore_errors=True)


def document(
    receipt: Mapping[str, Any],
    contract: Contract,
    broken: Sequence[Broken],
    codelists: Mapping[str, CodeList],
    titles: Titles,
) -> dict[str, Any]:
    """The report as JSON: the receipt, ``findings``, and what is ``expected`` of each column that they name."""
    findings = describe(contract, broken, titles)
    named = {finding["field"] for finding in findings} - {None}
    return {**receipt, "findings": findings, "expected": expected_columns(contract, codelists, named)}


def receipt_path(folder: Path, receipt: Mapping[str, Any]) -> Path:
    """Where a signed receipt lies; a duplicate's has its place in the audit trail in its name."""
    again = f".again-{Head.parse(receipt[AUDIT_HEAD]).seq}" if receipt["status"] == "duplicate" else ""
    return folder / str(receipt["provider"]) / f"{receipt['delivery_id']}{again}.receipt.json"


def write_receipt(folder: Path, receipt: Mapping[str, Any]) -> Path:
    """Writes a signed receipt beside the reports; returns its place.

    Raises:
        PassingFault, PlatformFault: the folder cannot be written.
    """
    path = receipt_path(folder, receipt)
    with durable.os_faults("writing a receipt"):
        durable.private_folder(path.parent)
        durable.write_whole(path, json.dumps(receipt, ensure_ascii=False, indent=1).encode())
    return path
