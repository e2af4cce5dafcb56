"""Findings as readers need them: joined, worst first, without what follows from another, with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from marsad.contracts.examples import labels
from marsad.contracts.model import Column, Contract
from marsad.contracts.spreadsheet import letters
from marsad.contracts.wording import word
from marsad.intake.elsewhere import ALL_LANGUAGES
from marsad.intake.normalise.headers import match_headers
from marsad.intake.reading import Hints
from marsad.quality.findings import Broken, RowIds
from marsad.quality.messages import LANGUAGES, fill
from marsad.quality.structural import SUFFIXES

Titles = Mapping[str, tuple[int | None, str]]
"""Column of the contract -> position in the sender's table (0 is the first; None in JSON) and its title there."""

SEVERITIES = ("critical", "lost", "warning", "confirmed", "info")
"""As readers see them, the worst first: weights of rules, ``lost`` (a value not understood) and ``confirmed``."""

_FIRST = tuple(SUFFIXES[kind] for kind in ("blank", "unparsed", "unmapped"))
_UNREAD = tuple(SUFFIXES[kind] for kind in ("unparsed", "unmapped"))
_SPOILT = frozenset({"row.total", "row.broken"})
# What one does about a rule; a program that reads the report can do it too.
_ACTIONS = {
    **{SUFFIXES[kind]: "rewrite" for kind in ("unparsed", "range", "pattern", "length", "future")},
    SUFFIXES["blank"]: "fill",
    SUFFIXES["unmapped"]: "choose",
}
_ROW_ACTIONS = {
    "row.long": "cut",
    "row.total": "delete_row",
    "row.broken": "rewrite_row",
    "row.once": "delete_row",
    "key.one_content": "keep_one",
}
_MISSING = ("file.columns_missing", "file.columns_unread")
_FILE_ACTIONS = {**dict.fromkeys(_MISSING, "add_columns"), "file.other_feed": "send_elsewhere"}


def describe(contract: Contract, broken: Sequence[Broken], titles: Titles | None = None) -> list[dict[str, Any]]:
    """The findings worst first, each with rule, severity (``SEVERITIES``), column, message, rows, and what to do.

    ``rows`` are runs as people write them (``3``, ``7-12``), empty for the file as a whole. ``fix.action`` is one of
    ``fill, rewrite, choose, check, cut, delete_row, rewrite_row, keep_one, add_columns, send_elsewhere, send_again``
    or ``none``.
    """
    told = sorted(without_echoes(broken), key=_rank)
    return [_group(contract, one, titles or {}) for one in told]


def titles_of(contract: Contract, header: Sequence[str], *, left: int | None = 0) -> Titles:
    """Where the columns of the contract are in a header, and what they are called there (a spelling that it knows).

    ``left`` are the columns of the sheet before the first title; None where columns have no letters.
    """
    places = {name: int(raw[1:]) for name, raw in match_headers(contract.columns, header).items()}
    return {name: (None if left is None else left + at, header[at].strip()) for name, at in places.items()}


def _rank(broken: Broken) -> tuple[int, bool, int, str]:
    """By severity; the file as a whole before its rows, the most frequent first."""
    return SEVERITIES.index(severity(broken)), len(broken.rows) > 0, -len(broken.rows), broken.rule.id


def severity(broken: Broken) -> str:
    """What a finding means to its readers; of a row that passes, a value that was not understood is lost."""
    lost = broken.severity == "warning" and _of_its_column(broken) and _suffix(broken) in _UNREAD
    return "lost" if lost else broken.severity


def without_echoes(broken: Sequence[Broken]) -> list[Broken]:
    """The findings without those that another one of the same row explains.

    A total row or a damaged one is told once, whatever its cells look like; of a cell that is blank, unreadable or not
    in its list nothing else is told.
    """
    spoilt = _rows(one for one in broken if one.rule.id in _SPOILT)
    spent = {
        id_: _rows(one for one in broken if one.rule.id == id_) for id_ in {b.rule.id for b in broken if _first(b)}
    }
    kept = []
    for one in broken:
        if not len(one.rows):
            kept.append(one)
            continue
        others = [rows for id_, rows in spent.items() if id_ != one.rule.id and _column(id_) == one.rule.column]
        hidden = [] if _first(one) else others
        hidden += [] if one.rule.id in _SPOILT else [spoilt]
        left = one.rows[~np.isin(one.rows, np.concatenate(hidden))] if hidden else one.rows
        if len(left):
            kept.append(replace(one, rows=left))
    return kept


def _rows(broken: Iterable[Broken]) -> RowIds:
    found = [one.rows for one in broken]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _first(broken: Broken) -> bool:
    return broken.rule.column is not None and _suffix(broken) in _FIRST


def _of_its_column(broken: Broken) -> bool:
    """Whether the rule follows from what the contract says of the column."""
    return broken.rule.column is not None and _column(broken.rule.id) == broken.rule.column


def _suffix(broken: Broken) -> str:
    return broken.rule.id.rpartition(".")[2]


def _column(rule: str) -> str:
    return rule.rpartition(".")[0]


def _group(contract: Contract, broken: Broken, titles: Titles) -> dict[str, Any]:
    rule = broken.rule
    about = next((column for column in contract.columns if column.name == rule.column), None)
    place, title = titles.get(rule.column or "", (None, None))
    return {
        "rule": rule.id,
        "severity": severity(broken),
        "scope": rule.scope,
        "sheet": broken.sheet,
        "field": rule.column,
        "column": dict(labels(about)) if about else dict.fromkeys(LANGUAGES, ""),
        "title": title,
        "letter": None if place is None else letters(place),
        "message": {language: _message(contract, broken, language) for language in rule.message},
        "count": max(len(broken.rows), 1),
        "rows": row_runs(broken.rows),
        "fix": _fix(contract, broken, titles),
    }


def _message(contract: Contract, broken: Broken, language: str) -> str:
    told = fill(broken.rule.message[language], _params(contract, broken, language))
    if not broken.rule.justify or broken.confirmed:
        return told
    if contract.justification is None:
        return f"{told} {word('justify.page', language)}"
    title = labels(contract.column(contract.justification))[language]
    return f"{told} {word('justify.column', language, column=title)}"


def _params(contract: Contract, broken: Broken, language: str) -> Mapping[str, str | int]:
    """The parameters of a message in one language: a title is written above a column in one language, not in all."""
    if broken.rule.scope != "file":
        return broken.params
    names = _names(contract, language)
    params = {name: _named(value, names) for name, value in broken.params.items()}
    if "other" in params:  # a title of a feed in all languages
        params["other"] = str(params["other"]).split(ALL_LANGUAGES)[LANGUAGES.index(language)]
    return params


def _names(contract: Contract, language: str) -> list[tuple[str, str]]:
    """What the reader calls each column, and its title in one language; the longest first, as one may hold another."""
    hints = Hints.of(contract)
    names = [(hints.label(place), labels(column)[language]) for place, column in enumerate(contract.columns)]
    return sorted(names, key=lambda pair: -len(pair[0]))


def _named(value: str | int, names: Sequence[tuple[str, str]]) -> str | int:
    if isinstance(value, str):
        for called, title in names:
            value = value.replace(called, title)
    return value


def _fix(contract: Contract, broken: Broken, titles: Titles) -> dict[str, Any]:
    rule = broken.rule
    if broken.severity in ("info", "confirmed") or (not len(broken.rows) and rule.scope != "file"):
        return {"action": "none"}
    if rule.scope == "file":
        return {"action": _FILE_ACTIONS.get(rule.id, "send_again"), **_file_fix(contract, broken)}
    if rule.id in _ROW_ACTIONS:
        action = _ROW_ACTIONS[rule.id] if rule.severity == "critical" else "check"
        return {"action": action} | ({"key": _key(contract, titles)} if action == "keep_one" else {})
    return {"action": _ACTIONS.get(_suffix(broken), "check") if _of_its_column(broken) else "check"}


def _key(contract: Contract, titles: Titles) -> list[str]:
    """Titles of the key's columns in the sender's file."""
    return [titles[c.name][1] if c.name in titles else labels(c)["fr"] for c in contract.key]


def _file_fix(contract: Contract, broken: Broken) -> dict[str, Any]:
    if broken.rule.id == "file.other_feed":
        return {"feed": broken.params["feed"]}
    if broken.rule.id in _MISSING:
        hints, told = Hints.of(contract), str(broken.params["columns"])
        missing = [column for i, column in enumerate(contract.columns) if hints.label(i) in told and _needed(column)]
        return {"titles": [dict(labels(column)) for column in missing]}
    return {}


def _needed(column: Column) -> bool:
    return column.required or column.key is not None


def row_runs(rows: RowIds) -> list[str]:
    """Row numbers as a person writes them: ``3``, ``7-12``."""
    if not len(rows):
        return []
    ordered = np.unique(rows)
    runs = np.split(ordered, np.flatnonzero(np.diff(ordered) != 1) + 1)
    return [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
