"""What commands print: text for people, tables, one JSON document for programs. And how they end when told to."""

from __future__ import annotations

import json
import signal
import sys
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from types import FrameType
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from marsad.contracts.wording import covered, word

Lang = Annotated[Literal["fr", "ar", "en"], typer.Option(help="Language.")]

# A pipe has no width: nothing may be cut there.
out = Console(soft_wrap=True, markup=False, emoji=False, width=None if sys.stdout.isatty() else 10_000)
err = Console(stderr=True, soft_wrap=True, markup=False, emoji=False)

_WHOLE = ("delivery_id", "feed")  # what other commands want word for word
_SAME = 5.0  # seconds in which a signal is the same one again: make hands on what the whole group was sent
_SOON = 0.05  # seconds until what was swallowed is raised anew
_ROWS = 10  # runs of rows shown for a finding; the report has all


class _Told(SystemExit):
    """What a signal raises; unlike SystemExit itself it can be watched."""


@contextmanager
def ended_when_told() -> Iterator[None]:
    """Has SIGTERM and a closed terminal end the work as Ctrl-C does, after what it had started was stopped.

    It ends whatever libraries do: C code that clears an error, or a finalizer, swallows what the signal raised in the
    midst of it. What was swallowed is gone from memory: then it is raised anew, by the alarm clock, since nothing can
    be raised out of the callback of a weak reference.
    """
    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_DFL]  # nohup ignores HUP
    clock = signal.getsignal(signal.SIGALRM) or signal.SIG_DFL
    watched: list[weakref.ref[_Told]] = []
    lost: list[int] = []
    told, set_before = -_SAME, (0.0, 0.0)

    def leave(number: int, _frame: FrameType | None) -> None:
        nonlocal told
        if (now := time.monotonic()) - told > _SAME:
            told, ending = now, _Told(128 + number)
            watched[:] = [weakref.ref(ending, lambda _gone: again(number))]
            try:
                raise ending
            finally:
                del ending  # it holds this frame: kept here it would outlive whoever swallows it

    def again(number: int) -> None:  # in any thread: wherever garbage is collected
        nonlocal told, set_before
        told = -_SAME
        before = signal.setitimer(signal.ITIMER_REAL, _SOON)
        set_before = set_before if lost else before
        lost.append(number)

    def ring(number: int, frame: FrameType | None) -> None:
        if lost:
            leave(lost[-1], frame)
        elif callable(clock):
            clock(number, frame)

    for number in numbers:
        signal.signal(number, leave)
    signal.signal(signal.SIGALRM, ring)
    try:
        yield
    finally:
        watched.clear()
        if lost:
            signal.setitimer(signal.ITIMER_REAL, *set_before)
        signal.signal(signal.SIGALRM, clock)
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def show(as_json: bool, document: object, text: str) -> None:
    """``document`` as one line of JSON, or ``text``."""
    if as_json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, default=_json_value) + "\n")
    else:
        out.print(text, highlight=False)


def _json_value(value: object) -> object:
    """Sums come as Decimal; dates, moments and ids are written as text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def show_rows(
    as_json: bool, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], document: object = None
) -> None:
    """A table of ``rows``, or with ``as_json`` the rows (or ``document``).

    It is folded to the terminal's width, unless it holds ids, which would be cut there.
    """
    if as_json:
        show(True, document if document is not None else rows, "")
        return
    table = Table()
    for name in columns:
        table.add_column(name, no_wrap=name in _WHOLE, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in columns))
    out.print(table, soft_wrap=not set(columns).isdisjoint(_WHOLE))


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def show_receipt(
    as_json: bool, receipt: Mapping[str, Any], findings: Sequence[Mapping[str, Any]] = (), language: str = "en"
) -> None:
    """A receipt and, for people, what was found in words of ``language``."""
    shown = ("delivery_id", "feed", "provider", "file_name", "status", "period", "rows_read", "rows_accepted",
             "rows_quarantined", "rows_unchanged", "errors", "warnings", "confirmed", "withdrawn", "outdated",
             "admitted", "seconds")  # fmt: skip
    told = {**receipt, "period": covered(receipt)}
    lines = [f"{name:18} {told[name]}" for name in shown if told.get(name) is not None]
    lines += [f"{'report ' + kind:18} {path}" for kind, path in receipt.get("reports", {}).items()]
    lines += [_finding(finding, language) for finding in findings]
    show(as_json, receipt, "\n".join(lines))


def _finding(finding: Mapping[str, Any], language: str) -> str:
    rows = ", ".join(finding["rows"][:_ROWS]) + (" …" if len(finding["rows"]) > _ROWS else "")
    place = f"{word('label.rows', language)} {rows}" if rows else word("label.whole_file", language)
    column, message = finding["column"][language] or "-", finding["message"][language]
    return f"{finding['severity']:18} {column} ({place}): {message}"


def seen_lines(seen: Mapping[str, Any]) -> Iterator[str]:
    """What the reader saw in a file, line by line."""
    yield f"{seen['file']}: {seen['verdict']}"
    if seen.get("message"):
        yield f"  {seen['message']}"
    for table in seen["tables"]:
        place = table["sheet"] or f"{table['encoding']}, delimiter {table['delimiter']!r}"
        yield f"  {place}: {table['rows_read']} rows, {len(table['header'])} columns"
        for note in table["notes"]:
            yield f"    {note}"
