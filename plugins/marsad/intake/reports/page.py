"""The report as one HTML page, complete in itself: no script, nothing from another host, right to left for Arabic."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from marsad.contracts.model import Contract
from marsad.contracts.wording import covered, word
from marsad.intake.reports.findings import SEVERITIES

SHOWN = 40  # runs of rows named on a page; the JSON document names all
_COUNTS = ("rows_read", "rows_accepted", "rows_quarantined", "rows_unchanged")
_TO_CONFIRM = ("warnings", "confirmed")
_SELDOM = ("withdrawn", "outdated")
# No sentence ends after an abbreviation: "art. 448", "p. ex. le", "N. PV".
_FIRST_SENTENCE = re.compile(r"(?s)(.*?(?<!\b[A-Za-z]\.)(?<=[.؟?]))\s+(?![a-zà-ÿ\d])(.*)")


def page(receipt: Mapping[str, Any], contract: Contract, findings: Sequence[Mapping[str, Any]], language: str) -> str:
    """One report: verdict, what to do next, counts, findings by severity with columns and rows."""
    facts = [("feed", contract.title[language]), ("provider", receipt["provider"]), ("file", receipt["file_name"])]
    facts += [("period", told)] if (told := covered(receipt)) else []
    shown = [_shown(finding, language) for finding in findings]
    return str(
        _template().render(
            lang=language,
            receipt=receipt,
            facts=facts,
            counts=counts(receipt),
            sections=[(severity, part) for severity in SEVERITIES if (part := _of(shown, severity))],
            advice=advice(receipt, findings),
            word=partial(_word, language),
        )
    )


def advice(receipt: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> str:
    """Which words say what to do next."""
    if receipt.get("dry_run"):
        return "next.dry_run_refused" if receipt["status"] == "refused" else "next.dry_run"
    if receipt["status"] == "accepted_with_findings" and not receipt["rows_quarantined"]:
        if any(finding["severity"] == "lost" for finding in findings):
            return "next.to_complete"
        return "next.to_confirm" if receipt["warnings"] else "next.accepted"
    return f"next.{receipt['status']}"


def counts(receipt: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The counts that a reader sees, each after the id of its label; of warnings where there are any."""
    names = (*_COUNTS, *(_TO_CONFIRM if any(receipt[name] for name in _TO_CONFIRM) else ()))
    seldom = [name for name in _SELDOM if receipt.get(name)]
    return [(_count_label(name, receipt), receipt[name]) for name in (*names, *seldom)]


def _count_label(name: str, receipt: Mapping[str, Any]) -> str:
    """Of a refused file all rows wait, the good ones too, so they are not called refused."""
    kept_back = name == "rows_quarantined" and receipt["status"] == "refused"
    return "label.rows_not_recorded" if kept_back else f"label.{name}"


def split_message(text: str) -> tuple[str, str]:
    """What is wrong, and what to do about it; the second is empty where a message is one sentence."""
    found = _FIRST_SENTENCE.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


def told(finding: Mapping[str, Any], language: str) -> tuple[str, str]:
    """``split_message`` of a finding; of a confirmed one nothing is left to do."""
    wrong, todo = split_message(finding["message"][language])
    return wrong, "" if finding["severity"] == "confirmed" else todo


def _word(language: str, id_: str, **params: str | int) -> str:
    return word(id_, language, **params)


def _of(findings: Sequence[Mapping[str, Any]], severity: str) -> list[Mapping[str, Any]]:
    return [finding for finding in findings if finding["severity"] == severity]


def _shown(finding: Mapping[str, Any], language: str) -> dict[str, Any]:
    wrong, todo = told(finding, language)
    return {
        "severity": finding["severity"],
        "title": finding["title"] or finding["column"][language],
        "letter": finding["letter"],
        "runs": finding["rows"][:SHOWN],
        "hidden": max(len(finding["rows"]) - SHOWN, 0),
        "count": finding["count"],
        "wrong": wrong,
        "todo": todo,
    }


@cache
def _template() -> Any:  # noqa: ANN401 - jinja2.Template is not typed through the loader
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("page.html.j2")
