"""Reports to providers: one page a language and a JSON document. Places and messages only, never what a cell held."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from marsad import durable, yaml12
from marsad.audit import AUDIT_HEAD, Head
from marsad.contracts.model import Contract
from marsad.quality.findings import Broken, RowIds
from marsad.quality.messages import LANGUAGES, fill
from marsad.settings import PROJECT

SHOWN = 40  # runs of rows named on a page; the JSON document names all
_COLOURS = {"accepted": "#1a7f37", "accepted_with_findings": "#b26a00", "refused": "#a30000"}
_ORDER = {"critical": 0, "warning": 1, "info": 2}
_FACTS = ("rows_read", "rows_accepted", "rows_quarantined", "rows_unchanged")


@cache
def wording(path: Path = PROJECT / "schemas" / "wording.yaml") -> Mapping[str, Mapping[str, str]]:
    """The words around findings, by id and language."""
    return dict(yaml12.load(path))


def report_paths(folder: Path, provider: str, delivery_id: str) -> dict[str, Path]:
    """Where the reports of a delivery lie: ``json`` and one page a language."""
    names = {"json": f"{delivery_id}.json"} | {language: f"{delivery_id}.{language}.html" for language in LANGUAGES}
    return {kind: folder / provider / name for kind, name in names.items()}


def write_reports(
    folder: Path, receipt: Mapping[str, Any], contract: Contract, broken: Sequence[Broken]
) -> Mapping[str, Path]:
    """Writes all reports of a delivery, replacing those of a killed attempt; returns their places.

    Raises:
        PassingFault, PlatformFault: the folder cannot be written.
    """
    paths = report_paths(folder, receipt["provider"], receipt["delivery_id"])
    groups = describe(contract, broken)
    with durable.os_faults("writing reports"):
        durable.private_folder(paths["json"].parent)
        told = {**receipt, "findings": [{k: v for k, v in group.items() if k not in _PAGE_ONLY} for group in groups]}
        durable.write_whole(paths["json"], json.dumps(told, ensure_ascii=False, indent=1).encode())
        for language in LANGUAGES:
            durable.write_whole(paths[language], page(receipt, contract, groups, language).encode())
    return paths


def describe(contract: Contract, broken: Sequence[Broken]) -> list[dict[str, Any]]:
    """The findings as readers need them, worst first: rule, severity, column and message by language, places."""
    return [_group(contract, one) for one in sorted(broken, key=_rank)]


def write_receipt(folder: Path, receipt: Mapping[str, Any]) -> Path:
    """Writes a signed receipt beside the reports; a duplicate's gets its place in the audit trail into its name.

    Raises:
        PassingFault, PlatformFault: the folder cannot be written.
    """
    seq = Head.parse(receipt[AUDIT_HEAD]).seq
    again = f".again-{seq}" if receipt["status"] == "duplicate" else ""
    path: Path = folder / receipt["provider"] / f"{receipt['delivery_id']}{again}.receipt.json"
    with durable.os_faults("writing a receipt"):
        durable.private_folder(path.parent)
        durable.write_whole(path, json.dumps(receipt, ensure_ascii=False, indent=1).encode())
    return path


def page(receipt: Mapping[str, Any], contract: Contract, groups: Sequence[Mapping[str, Any]], language: str) -> str:
    """One report as HTML, complete in itself, right to left for Arabic."""
    words = wording()
    facts = [("feed", contract.title[language]), ("provider", receipt["provider"]), ("file", receipt["file_name"])]
    facts += [("period", receipt["period"])] if receipt["period"] else []
    facts += [(name, receipt[name]) for name in _FACTS]
    return str(
        _template().render(
            lang=language,
            receipt=receipt,
            facts=facts,
            groups=groups,
            colour=_COLOURS[receipt["status"]],
            advice=_advice(receipt),
            word=lambda name: words[name][language],
        )
    )


def _advice(receipt: Mapping[str, Any]) -> str:
    """Which words say what to do next."""
    if receipt.get("dry_run"):
        return "next.dry_run"
    if receipt["status"] == "accepted_with_findings" and not receipt["rows_quarantined"]:
        return "next.to_confirm"
    return f"next.{receipt['status']}"


@cache
def _template() -> Any:  # noqa: ANN401 - jinja2.Template is not typed through the loader
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("report.html.j2")


_PAGE_ONLY = ("places", "hidden")


def _rank(broken: Broken) -> tuple[int, int, str]:
    return _ORDER[broken.rule.severity], -len(broken.rows), broken.rule.id


def _group(contract: Contract, broken: Broken) -> dict[str, Any]:
    runs = row_runs(broken.rows)
    return {
        "rule": broken.rule.id,
        "severity": broken.rule.severity,
        "scope": broken.rule.scope,
        "sheet": broken.sheet,
        "column": _labels(contract, broken.rule.column),
        "message": {language: fill(text, broken.params) for language, text in broken.rule.message.items()},
        "count": max(len(broken.rows), 1),
        "rows": runs,
        "places": ", ".join(runs[:SHOWN]),
        "hidden": max(len(runs) - SHOWN, 0),
    }


def _labels(contract: Contract, name: str | None) -> Mapping[str, str]:
    known = next((c.headers for c in contract.columns if c.name == name), {})
    return {language: known.get(language) or name or "" for language in LANGUAGES}


def row_runs(rows: RowIds) -> list[str]:
    """Row numbers as a person writes them: ``3``, ``7-12``."""
    if not len(rows):
        return []
    ordered = np.unique(rows)
    runs = np.split(ordered, np.flatnonzero(np.diff(ordered) != 1) + 1)
    return [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
