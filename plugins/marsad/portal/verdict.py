"""A verdict as a page shows it, from the JSON of a report: places and messages, never what a cell held."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from marsad.contracts.wording import word
from marsad.intake.reports.findings import SEVERITIES
from marsad.intake.reports.page import SHOWN, advice, counts, told
from marsad.portal.words import comma
from marsad.quality.refusal import ON_THE_WHOLE

_READABLE = {"file.columns_missing", "file.columns_unread"}  # refused by its titles, before any row was counted


def shown_verdict(report: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Status, advice, counts, findings by severity, those that wait for a reason: in words of ``language``.

    ``markable`` is a file with cells to mark, ``admittable`` a refused one whose good rows a steward may admit.
    """
    say = partial(word, language=language)
    told_of = report.get("findings", ())
    findings = [_finding(finding, language) for finding in told_of]
    sections = [
        {
            "severity": severity,
            "title": say(f"severity.{severity}"),
            "means": say(f"severity.{severity}.means"),
            "findings": part,
        }
        for severity in SEVERITIES
        if (part := [finding for finding in findings if finding["severity"] == severity])
    ]
    return {
        "status": report["status"],
        "title": say(f"status.{report['status']}"),
        "advice": say(advice(report, told_of)),
        "counts": [(say(label), count) for label, count in counts(report)],
        "sections": sections,
        "markable": bool(sections and (report["rows_read"] or _READABLE & {f["rule"] for f in findings})),
        "admittable": report["status"] == "refused" and any(f["rule"] in ON_THE_WHOLE for f in findings),
        "doubted": [f for f in findings if f["severity"] == "warning" and f["rule"] in report.get("doubted", ())],
        "comma": comma(language),
        "headings": [say(f"label.{name}") for name in ("column", "rows", "message")],
    }


def _finding(finding: Mapping[str, Any], language: str) -> dict[str, Any]:
    wrong, todo = told(finding, language)
    hidden, count = len(finding["rows"]) - SHOWN, finding["count"]
    whole = "label.whole_row" if finding["rows"] else "label.whole_file"
    return {
        "rule": finding["rule"],
        "severity": finding["severity"],
        "column": finding["title"] or finding["column"][language] or word(whole, language),
        "letter": finding["letter"],
        "runs": finding["rows"][:SHOWN],
        "hidden": word("label.more", language, count=hidden) if hidden > 0 else "",
        "count": word("label.count_rows", language, count=count) if count > 3 and finding["rows"] else "",  # noqa: PLR2004
        "wrong": wrong,
        "todo": todo,
    }
