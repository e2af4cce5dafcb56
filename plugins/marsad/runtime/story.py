"""What came out of the demonstration: tables for people, one document for programs, and the check against the truth."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from marsad.quality.messages import message_rule
from marsad.quality.suites import load_suite, suite_path
from marsad.runtime import one_person, publication
from marsad.settings import Settings
from marsad.warehouse.engine import clean_errors, database_url, make_engine

COUNTS = ("rows_read", "rows_accepted", "rows_quarantined", "rows_unchanged")
STATUSES = ("accepted", "accepted_with_findings", "refused", "duplicate")
TOP_RULES = 12
LOG_WIDTH = 150
_NUMBER = re.compile(r"\{\w+\}")  # placeholder of a message

_FINDINGS = sa.text(
    """
    SELECT feed, rule, severity, sum(findings) AS findings
    FROM mart.quality GROUP BY feed, rule, severity ORDER BY sum(findings) DESC, feed, rule LIMIT :top
    """
)
_RECORDS = sa.text("SELECT feed, provider, record_id FROM core.sighting WHERE current AND NOT retracted")
_VICTIMS = sa.text(
    """
    SELECT split_part(feed, '/', 1) AS agency, count(DISTINCT (feed, provider, record_id)) AS records
    FROM core.victim JOIN core.sighting USING (content_id, feed, provider, record_id) WHERE current
    GROUP BY 1 ORDER BY 1
    """
)


def tell(
    settings: Settings, truth: Mapping[str, Any], receipts: Mapping[str, Mapping[str, Any]], seen: Mapping[str, Any]
) -> dict[str, Any]:
    """The whole story as JSON, while the warehouse is up. ``receipts`` by file name; ``seen`` by agencies' people."""
    engine = make_engine(database_url(settings))
    with clean_errors(), engine.connect() as connection:
        findings = [dict(row._mapping) for row in connection.execute(_FINDINGS, {"top": TOP_RULES})]
        victims = {row.agency: row.records for row in connection.execute(_VICTIMS)}
        records = [tuple(row) for row in connection.execute(_RECORDS)]
    engine.dispose()
    told = {
        "deliveries": _deliveries(truth, receipts),
        "findings": [_readable(settings, row) for row in findings],
        "persons": {"made_up": len(truth["persons"]), "victim_records": victims},
        "person": one_person.follow(settings),
        "reports": str(settings.place("reports")),
        "report_files": sum(path.is_file() for path in settings.place("reports").rglob("*")),
        **seen,
        "surprises": [*surprises(truth, receipts, records), *_surprises_seen(seen)],
    }
    return {"as_expected": not told["surprises"], **told}


def _readable(settings: Settings, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of findings with what the agencies read, its first sentence, in French and English."""
    rules = load_suite(suite_path(row["feed"], settings.expectation_dirs)).rules
    rule = rules[row["rule"]] if row["rule"] in rules else message_rule(row["rule"])
    texts = {language: _NUMBER.sub("…", rule.message[language]).split(". ")[0] for language in ("fr", "en")}
    return {**row, "findings": int(row["findings"]), **texts}


def surprises(
    truth: Mapping[str, Any], receipts: Mapping[str, Mapping[str, Any]], records: Sequence[tuple[str, str, str]]
) -> list[str]:
    """Every verdict that is not the expected one, and how many records were lost or doubled; empty when all is well."""
    wrong = [text for entry in truth["files"] for text in _differences(entry, receipts.get(entry["file"]))]
    expected = {tuple(record) for person in truth["persons"] for record in person["records"]}
    times = Counter(records)
    lost, doubled = len(expected - times.keys()), sum(count - 1 for count in times.values())
    return wrong + [f"{count} records {word}" for count, word in ((lost, "lost"), (doubled, "doubled")) if count]


def _surprises_seen(seen: Mapping[str, Any]) -> Iterable[str]:
    """What people of the agencies did not get: their rows taken in the end, reports in the outbox."""
    receipt = seen["portal"]["receipt"]
    if receipt["rows_accepted"] != seen["portal"]["rows"]:
        yield f"the agent's corrected file: {receipt['rows_accepted']} of {seen['portal']['rows']} rows accepted"
    if not any(name.endswith(".receipt.json") for name in seen["outbox"]):
        yield "no receipt in the outbox"


def _differences(entry: Mapping[str, Any], receipt: Mapping[str, Any] | None) -> Iterable[str]:
    if receipt is None:
        yield f"{entry['file']}: no receipt"
        return
    for name, expected in entry["expect"].items():
        if receipt.get(name) != expected:
            yield f"{entry['file']}: {name} is {receipt.get(name)}, expected {expected}"


def _deliveries(truth: Mapping[str, Any], receipts: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows: dict[str, Counter[str]] = {}
    for entry in truth["files"]:
        receipt = receipts.get(entry["file"], {})
        counts = rows.setdefault(entry["feed"], Counter())
        counts["files"] += 1
        counts[str(receipt.get("status"))] += 1
        if receipt.get("status") != "duplicate":
            counts.update({name: receipt.get(name) or 0 for name in COUNTS})
    return [{"feed": feed, **{n: c[n] for n in ("files", *STATUSES, *COUNTS)}} for feed, c in sorted(rows.items())]


def show(told: Mapping[str, Any], console: Console) -> None:
    """The tables, wide enough to be read in a log file too."""
    if not console.is_terminal:
        console = Console(file=console.file, width=LOG_WIDTH, soft_wrap=True)
    headers = ["feed", "files", "accepted", "with findings", "refused", "duplicate", "read", "new", "refused", "known"]
    console.print(_table("Deliveries (files, then rows)", headers, (list(r.values()) for r in told["deliveries"]), 1))
    rules = ([r["feed"], r["rule"], r["severity"], r["fr"], r["en"], r["findings"]] for r in told["findings"])
    console.print(_table("What was wrong", ["feed", "rule", "severity", "français", "English", "findings"], rules, 5))
    persons = told["persons"]["victim_records"].items()
    console.print(_table("Victim records by agency, before linkage", ["agency", "records"], persons, 1))
    console.print(f"{told['persons']['made_up']} persons were made up; several agencies met some of them.")
    console.print(f"Reports to the agencies: {told['report_files']} files below {told['reports']}", soft_wrap=True)
    show_visit(told["portal"], console)
    console.print(f"By SFTP: one file in, {len(told['outbox'])} reports and receipts in its sender's outbox.")
    one_person.show(told["person"], console)
    for text in told["surprises"]:
        console.print(f"NOT AS EXPECTED  {text}", style="red", markup=False)
    if told["as_expected"]:
        console.print("Checked against the simulation's own books: every verdict as expected, 0 lost, 0 doubled.")
    console.print(f"{told['seconds']} s; everything is stopped again.")
    publication.show(told["release"], console)


def show_visit(visit: Mapping[str, Any], console: Console) -> None:
    """What an agent saw at the portal."""
    title = f"\nAt the portal: an agent of {visit['provider']} fills in {visit['rows']} rows of the template"
    console.print(title, style="bold")
    for language, verdict in visit["verdicts"].items():
        console.print(f"  {language}  {verdict['title']}", markup=False)
        for one in verdict["findings"]:
            text = f"      {one['column']}, {one['row']}: {one['wrong']} {one['todo']}"
            console.print(text, markup=False, soft_wrap=True)
    console.print(f"  after {visit['seconds']} s; {', '.join(visit['corrected'])} put right in the marked workbook:")
    console.print(f"  fr  {visit['again']['title']}", markup=False)
    receipt = visit["receipt"]
    counts = f"{receipt['rows_accepted']} of {receipt['rows_read']} rows"
    console.print(f"  sent; receipt {receipt['delivery_id']}: {receipt['status']}, {counts}\n")


def _table(title: str, headers: Sequence[str], rows: Iterable[Sequence[Any]], numbers_from: int) -> Table:
    table = Table(title=title, title_justify="left")
    for position, header in enumerate(headers):
        table.add_column(header, justify="right" if position >= numbers_from else "left")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    return table
