"""The first sheet of an annotated workbook: verdict, counts, and each finding with its cells. Plain lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marsad.contracts.model import Contract
from marsad.contracts.wording import covered, word
from marsad.intake.reports.marks import Layout, cells
from marsad.intake.reports.page import advice, counts

WIDTHS = (18, 30, 34, 100)
"""Of the four columns, in characters."""

_VERDICTS = {"accepted": "17693A", "accepted_with_findings": "8A5300", "refused": "A1161B"}


@dataclass(frozen=True, slots=True)
class Line:
    """Cells of one line from the left. ``kind`` is title, plain, head or a severity; ``colour`` of a title, in hex."""

    cells: tuple[str | int, ...] = ()
    kind: str = "plain"
    colour: str = ""


def summary(
    report: Mapping[str, Any], contract: Contract, layout: Layout, language: str, remarks: Sequence[str] = ()
) -> list[Line]:
    """The lines of the summary. ``report`` is the JSON document, ``remarks`` say how this workbook was made."""

    def say(id_: str) -> str:
        return word(id_, language)

    status = report["status"]
    lines = [
        Line((say(f"status.{status}"),), "title", _VERDICTS.get(status, "16202C")),
        Line((say(advice(report, report["findings"])),)),
    ]
    lines += [Line((text,)) for text in remarks]
    lines += [Line(), *_facts(report, contract, language), Line()]
    if report["findings"]:
        head = ("label.severity", "label.column", "label.cells", "label.message")
        lines.append(Line(tuple(map(say, head)), "head"))
        lines += [_finding(finding, contract, layout, language) for finding in report["findings"]]
    return lines


def _facts(report: Mapping[str, Any], contract: Contract, language: str) -> Iterator[Line]:
    facts: list[tuple[str, str | int]] = [
        ("label.feed", contract.title[language]),
        ("label.provider", report["provider"]),
        ("label.file", report["file_name"]),
    ]
    facts += [("label.period", told)] if (told := covered(report)) else []
    facts += counts(report)
    if not report.get("dry_run"):
        facts.append(("label.receipt", report["delivery_id"]))
    for id_, value in facts:
        yield Line((word(id_, language), value))


def _finding(finding: Mapping[str, Any], contract: Contract, layout: Layout, language: str) -> Line:
    title = finding["title"] or finding["column"][language]
    texts = (word(f"severity.{finding['severity']}", language), title, cells(finding, contract, layout, language))
    return Line((*texts, finding["message"][language]), finding["severity"])
