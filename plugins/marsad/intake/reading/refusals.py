"""What the process that reads a stranger's file may say of it: our rules, and no text that we did not know before.

A file that took that process over could else put what its cells hold, or anything, into reports and logs.
"""

from __future__ import annotations

import re
from typing import get_args

from marsad.errors import ProviderFault
from marsad.intake.reading.formats import Format
from marsad.intake.reading.hints import Hints

_NUMBERS = {
    "file.age": frozenset[str](),
    "file.archive": frozenset[str](),
    "file.archive_names": frozenset[str](),
    "file.archive_several": frozenset({"files"}),
    "file.empty": frozenset[str](),
    "file.encrypted": frozenset[str](),
    "file.json_broken": frozenset({"row"}),
    "file.line_too_long": frozenset({"limit", "row"}),
    "file.no_objects": frozenset[str](),
    "file.not_a_table": frozenset[str](),
    "file.tables_several": frozenset({"tables"}),
    "file.too_complex": frozenset[str](),
    "file.too_large": frozenset({"limit"}),
    "file.too_many_columns": frozenset({"columns", "limit"}),
    "file.truncated_archive": frozenset[str](),
    "file.unreadable": frozenset[str](),
    "file.wrong_feed": frozenset({"columns", "found"}),
}
"""Parameters of each rule that are numbers."""

_TEXTS = {
    "file.columns_missing": frozenset({"columns"}),
    "file.columns_unread": frozenset({"columns"}),
    "file.format_not_allowed": frozenset({"allowed", "format"}),
    "file.no_header": frozenset({"expected"}),
    "file.wrong_feed": frozenset({"expected"}),
}
"""Parameters that list titles of the contract's columns, or formats."""


_LETTERS = {"file.columns_unread": frozenset({"letters"})}
"""Parameters that name columns of the file as a spreadsheet does."""

_NAMES = re.compile(r"[A-Z]{1,3}(, [A-Z]{1,3})*( …)?")


def believed(rule: object, params: object, hints: Hints | None) -> ProviderFault | None:
    """The fault that a reader tells of; None where no reader of ours tells such a thing."""
    if not isinstance(rule, str) or not isinstance(params, dict):
        return None
    numbers, texts, names = (kind.get(rule, frozenset()) for kind in (_NUMBERS, _TEXTS, _LETTERS))
    if rule not in _NUMBERS.keys() | _TEXTS.keys() or params.keys() != numbers | texts | names:
        return None
    if not all(isinstance(params[name], str) and _NAMES.fullmatch(params[name]) for name in names):
        return None
    words = _words(hints)
    if not all(type(params[name]) is int for name in numbers):
        return None
    return ProviderFault(rule, **params) if all(_made_of(params[name], words) for name in texts) else None


def _words(hints: Hints | None) -> set[str]:
    known = {name.upper() for name in get_args(Format)}
    if hints:
        known |= {hints.label(index) for index in range(len(hints.headers))} | {name.upper() for name in hints.formats}
    return known


def _made_of(text: object, words: set[str]) -> bool:
    """Whether a text lists nothing but ``words``, the longest taken first since one may hold another."""
    if not isinstance(text, str):
        return False
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    return not text.strip(", …")
