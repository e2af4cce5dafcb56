"""What a contract must satisfy as a whole: its name, keys, headers, version and period, totals, providers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from marsad.contracts.binding_rules import decisive_column, known_column, typed_column
from marsad.contracts.column_rules import compiles
from marsad.contracts.document import Steps
from marsad.contracts.files import FEED_NAME, PART_LENGTH, feed_of
from marsad.contracts.model import REASONS, Column, ColumnType
from marsad.contracts.problems import Problem, did_you_mean
from marsad.contracts.reading import Reading
from marsad.contracts.shape import ConditionSpec, FeedSpec, TotalSpec, VersionSpec
from marsad.contracts.text import fold

MOST_CLEAR = 300
"""Columns that stand in clear: PostgreSQL's rows end at 8 kB, and a text takes up to 24 bytes of it."""

_VERSION = re.compile(r"\d+\.\d+\.\d+")


def feed_problems(reading: Reading) -> Iterator[Problem]:
    """Faults that concern several columns or the whole file."""
    yield from _feed_name(reading)
    yield from _contract_version(reading)
    yield from _column_names(reading)
    yield from _width(reading)
    yield from _keys(reading)
    yield from _headers(reading)
    feed = reading.parts.feed
    if feed:
        yield from _source(reading, "version", feed.version, {"date", "timestamp", "integer"})
        yield from _source(reading, "period", feed.period, {"date", "timestamp", "integer"})
        yield from _providers(reading, feed)
        if feed.withdrawal:
            yield from _withdrawal(reading, feed.withdrawal, totals=bool(feed.totals))
        if feed.justification:
            yield from _justification(reading, feed.justification)
        for number, total in enumerate(feed.totals):
            yield from _total(reading, [*reading.parts.own, "totals", number], total)


def _feed_name(reading: Reading) -> Iterator[Problem]:
    path = reading.document.path
    expected, given = feed_of(path), reading.document.data.get("name")
    if not FEED_NAME.fullmatch(expected):
        message = f"'{expected}' is no feed name: folder and file name are lower case a-z, digits and underscores"
        yield Problem(path, 1, 1, "feed", message, f"at most {PART_LENGTH} characters each")
    elif given is None:
        yield Problem(path, 1, 1, "missing", "missing key 'name'", f"write name: {expected}")
    elif given != expected:
        message = f"the feed is called '{given}' but its file says '{expected}'"
        yield reading.document.problem(["name"], "feed", message, f"write name: {expected}, or move the file")


def _contract_version(reading: Reading) -> Iterator[Problem]:
    version = reading.document.data.get("version")
    if isinstance(version, str) and not _VERSION.fullmatch(version):
        message = f"version '{version}' is not of the form major.minor.patch"
        yield reading.document.problem(["version"], "version", message, "e.g. 1.0.0")


def _column_names(reading: Reading) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for part in reading.parts.columns:
        line, _ = reading.document.value_place([*part.path, "name"])
        if part.name in first:
            message = f"column '{part.name}' is already defined in line {first[part.name]}"
            yield reading.document.problem([*part.path, "name"], "twice", message)
        first.setdefault(part.name, line)


def _width(reading: Reading) -> Iterator[Problem]:
    clear = [part for part, column in reading.whole if not column.vaulted]
    for part in clear[MOST_CLEAR : MOST_CLEAR + 1]:
        message = f"{len(clear)} columns stand in clear, a table of the database holds {MOST_CLEAR} safely"
        hint = "take the classification from those that nobody counts: they go to the vault together"
        yield reading.document.problem([*part.path, "name"], "too-many-columns", message, hint)


def _keys(reading: Reading) -> Iterator[Problem]:
    keys = [(part, column) for part, column in reading.whole if column.key is not None]
    wanted = set(range(1, len(keys) + 1))
    for part, column in keys:
        if column.many or column.privacy == "free_text":
            message = f"key column '{column.name}' is {'multi-valued' if column.many else 'free text'}"
            yield reading.document.problem([*part.path, "primaryKey"], "key", message)
        if {key.key for _, key in keys} != wanted:
            message = "key columns are numbered with primaryKeyPosition: 1, 2, … each number once"
            yield reading.document.problem([*part.path, "primaryKey"], "key", message, key=True)
    for part in reading.parts.columns:
        if "primaryKeyPosition" in part.node and not part.node.get("primaryKey"):
            message = "'primaryKeyPosition' without 'primaryKey: true'"
            yield reading.document.problem([*part.path, "primaryKeyPosition"], "key", message, key=True)


def _headers(reading: Reading) -> Iterator[Problem]:
    owner: dict[str, str] = {}
    for part, column in reading.whole:
        for path, text in _spellings(part.own, [*part.path, "name"], column):
            known = owner.setdefault(fold(text), column.name)
            if known != column.name:
                message = f"header '{text}' reads the same as one of column '{known}'"
                yield reading.document.problem(path, "ambiguous-header", message, "a header must lead to one column")


def _spellings(own: Steps, name: Steps, column: Column) -> Iterator[tuple[Steps, str]]:
    for language, text in column.headers.items():
        yield [*own, "header", language], text
    for number, text in enumerate(column.aliases):
        yield [*own, "aliases", number], text
    yield name, column.name


def _source(reading: Reading, key: str, spec: VersionSpec, types: set[ColumnType]) -> Iterator[Problem]:
    path: Steps = [*reading.parts.own, key]
    if spec.column is not None:
        yield from typed_column(reading, [*path, "column"], spec.column, types)
        column = reading.column(spec.column)
        if column and column.vaulted:
            message = f"'{spec.column}' goes to the vault, a {key} must be of class quasi or public"
            yield reading.document.problem([*path, "column"], "class", message)
    if spec.file_name is not None and not _one_group(spec.file_name):
        message = "'file_name' must be a regular expression with exactly one group"
        yield reading.document.problem([*path, "file_name"], "value", message, r"e.g. '(\d{4}-\d{2})'")


def _withdrawal(reading: Reading, spec: ConditionSpec, *, totals: bool) -> Iterator[Problem]:
    path: Steps = [*reading.parts.own, "withdrawal"]
    yield from decisive_column(reading, path, spec)
    if not any(part.node.get("primaryKey") for part in reading.parts.columns):
        message = "a row of a feed without a key names no record that it could withdraw"
        yield reading.document.problem(path, "withdrawal", message, "give a column primaryKey: true", key=True)
    if totals:
        message = "rows that withdraw records would count among the parts of 'totals'"
        yield reading.document.problem(path, "withdrawal", message, "use one of the two", key=True)


def _justification(reading: Reading, name: str) -> Iterator[Problem]:
    path: Steps = [*reading.parts.own, "justification"]
    yield from known_column(reading, path, name)
    column = reading.column(name)
    if column and (column.codelist != REASONS or column.many or column.vaulted or column.bindings):
        message = f"'{name}' cannot justify: it must hold one code a cell, be quasi or public, and fill no concept"
        yield reading.document.problem(path, "justification", message, f"write codelist: {REASONS}")


def _one_group(pattern: str) -> bool:
    return compiles(pattern) and re.compile(pattern).groups == 1


def _providers(reading: Reading, feed: FeedSpec) -> Iterator[Problem]:
    known = reading.codelists.get("provider")
    inside = reading.home is not None and reading.document.path.is_relative_to(reading.home)
    if known is None or not inside:
        return
    for number, provider in enumerate(feed.providers):
        if provider not in known.codes:
            hint = did_you_mean(
                provider, known.codes, "add it to provider.csv in schemas/codelists or in a folder of MARSAD_CODELISTS"
            )
            path = [*reading.parts.own, "providers", number]
            yield reading.document.problem(path, "unknown-provider", f"unknown provider '{provider}'", hint)


def _total(reading: Reading, path: Steps, spec: TotalSpec) -> Iterator[Problem]:
    yield from typed_column(reading, [*path, "measure"], spec.measure, {"integer", "number"})
    for key, names in (("by", spec.by), ("columns", spec.columns)):
        for number, name in enumerate(names):
            yield from known_column(reading, [*path, key, number], name)
