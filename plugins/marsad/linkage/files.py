"""``marsad link-files``: who is whom within and across files that somebody has in hand."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from marsad import durable
from marsad.contracts.codelists import CodeList, load_codelists
from marsad.contracts.text import fold
from marsad.errors import ProviderFault, UsageFault, own_faults_only
from marsad.identity.names import Hearing, load_rules
from marsad.intake.reading import TableInfo
from marsad.intake.reading.sandbox import open_file
from marsad.linkage.births import read_births
from marsad.linkage.clusters import persons
from marsad.linkage.policy import Policy, load_policy
from marsad.linkage.records import UNKNOWN, Record, plain_document, plain_phone
from marsad.linkage.scored import Scored
from marsad.linkage.scoring import score
from marsad.quality.messages import render

CONCEPTS = (
    "given_name",
    "family_name",
    "name",
    "birth_date",
    "sex",
    "nationality",
    "place",
    "phone",
    "document_number",
)
_NAMES = ("given_name", "family_name", "name")
_SHOWN = 5  # rows named in a message
_ALSO = {"surname": "family_name", "full_name": "name", "citizenship": "nationality", "id_number": "document_number"}
_PAIRS = ("left_file", "left_id", "right_file", "right_id", "match_weight", "match_probability")
_WHY = ("left_file", "left_id", "right_file", "right_id", "comparison", "level", "match_weight")
_CLUSTERS = ("file", "row_id", "person_id")

Columns = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """Where a record came from: the file as it was named, and its id there."""

    file: str
    id: str


@dataclass(frozen=True, slots=True)
class Linked:
    """Rows with their persons, and the pairs behind them, surest first."""

    rows: Sequence[Row]
    persons: Sequence[int]
    pairs: Sequence[Scored]
    policy: Policy


def parse_binding(text: str) -> dict[str, str]:
    """``concept=column,…`` as concept -> column. Raises UsageFault for what is no concept or stands there twice."""
    binding: dict[str, str] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        concept, equals, column = (piece.strip() for piece in part.partition("="))
        concept = _ALSO.get(concept.removeprefix("victim."), concept.removeprefix("victim."))
        if not equals or not column:
            raise UsageFault(f"--bind wants concept=column, parted by commas, not '{part}'")
        if concept not in CONCEPTS:
            raise UsageFault(f"--bind: there is no concept '{concept}' to link by; there are {', '.join(CONCEPTS)}")
        if concept in binding:
            raise UsageFault(f"--bind: '{concept}' is bound twice")
        binding[concept] = column
    if not binding:
        raise UsageFault("--bind: bind at least one concept, for instance given_name=prenom,family_name=nom")
    return binding


def check_places(files: Sequence[Path], results: Sequence[Path]) -> None:
    """Raises UsageFault, before any work, for a result that would be written over a file, another, or nowhere."""
    for number, result in enumerate(results):
        if result.resolve() in {path.resolve() for path in (*files, *results[:number])}:
            raise UsageFault(f"{result} would be written over: choose another name")
        if not result.resolve().parent.is_dir():
            raise UsageFault(f"there is no folder {result.resolve().parent}")


def link_files(
    files: Sequence[Path], id_column: str, bindings: Sequence[Mapping[str, str]], schemas: Path, today: date
) -> Linked:
    """Links the records within and across ``files``; ``bindings`` has one for all, or one for each.

    Raises:
        UsageFault: a file cannot be read, lacks a column or repeats an id; the bindings are not as many as the files.
        PassingFault, PlatformFault: the disk.
    """
    if len(bindings) not in {1, len(files)}:
        raise UsageFault(f"give --bind once, or once for each of the {len(files)} files")
    if len({file.resolve() for file in files}) < len(files):
        raise UsageFault("a file is named twice: its rows would be linked to themselves")
    policy, reader = load_policy(schemas), _Reader(schemas, today)
    whole = any("name" in binding for binding in bindings)
    each = bindings if len(bindings) > 1 else [*bindings] * len(files)
    rows: list[Row] = []
    records: list[Record] = []
    with own_faults_only():
        for file, binding in zip(files, each, strict=True):
            ids, columns = _read(file, id_column, binding)
            rows += [Row(str(file), id_) for id_ in ids]
            records += reader.records(columns, len(ids), whole=whole)
        pairs = sorted(score(records, policy, reader.rules), key=lambda pair: (-pair.weight, pair.left, pair.right))
    return Linked(rows, persons(records, pairs, policy.thresholds.link), pairs, policy)


def write_pairs(linked: Linked, path: Path) -> None:
    """One line a pair, surest first."""
    _write(
        path, _PAIRS, ((*_ends(linked, pair), f"{pair.weight:.4f}", f"{pair.probability:.6f}") for pair in linked.pairs)
    )


def write_clusters(linked: Linked, path: Path) -> None:
    """One line a row of the files, in their order."""
    _write(
        path,
        _CLUSTERS,
        ((row.file, row.id, str(person)) for row, person in zip(linked.rows, linked.persons, strict=True)),
    )


def write_why(linked: Linked, path: Path, language: str) -> None:
    """What each comparison of each pair came to, in words and bits; no value of any record."""
    _write(path, _WHY, (line for pair in linked.pairs for line in _why(linked, pair, language)))


def _why(linked: Linked, pair: Scored, language: str) -> Iterator[tuple[str, ...]]:
    ends = _ends(linked, pair)
    for said in pair.waterfall(linked.policy, language):
        yield (*ends, said.comparison, said.level, f"{said.weight:.4f}")


def _ends(linked: Linked, pair: Scored) -> tuple[str, str, str, str]:
    left, right = linked.rows[pair.left], linked.rows[pair.right]
    return left.file, left.id, right.file, right.id


def _write(path: Path, header: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    with durable.os_faults("writing a result"), path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)


# -- reading -----------------------------------------------------------------------------------------------------------


def _read(file: Path, id_column: str, binding: Mapping[str, str]) -> tuple[list[str], Columns]:
    """The ids and the bound columns of a file's first table that has them."""
    if not file.is_file():
        raise UsageFault(f"{file} is not a file")
    try:
        with durable.os_faults("reading a file"):
            table, places = _found(file, open_file(file).tables, (id_column, *binding.values()))
            columns, numbers = _columns(table, places)
    except ProviderFault as fault:
        raise UsageFault(f"{file}: {render(fault.rule, 'en', fault.params)}") from None
    _refuse_repeats(file, id_column, columns[id_column], numbers)
    return columns[id_column], {concept: columns[column] for concept, column in binding.items()}


def _refuse_repeats(file: Path, id_column: str, ids: Sequence[str], numbers: Sequence[int]) -> None:
    """An id that two rows have, or none, would leave open which row a result speaks of."""
    first: dict[str, int] = {}
    places = [first.setdefault(id_.strip(), place) for place, id_ in enumerate(ids)]
    again = [n for place, n in enumerate(numbers) if places[place] < place or not ids[place].strip()]
    if again:
        shown = ", ".join(map(str, again[:_SHOWN])) + (" …" if len(again) > _SHOWN else "")
        raise UsageFault(
            f"{file}: {len(again)} rows have no id in {id_column}, or one of a row above (row {shown}): number the "
            "rows in a column of their own, for instance 1, 2, 3 …"
        )


def _found(file: Path, tables: Sequence[TableInfo], wanted: Sequence[str]) -> tuple[TableInfo, Mapping[str, int]]:
    missing: list[str] = []
    for table in tables:
        places = {column: place for column in wanted if (place := _place(table.header, column)) is not None}
        if len(places) == len(set(wanted)):
            return table, places
        missing = missing or [column for column in wanted if column not in places]
    raise UsageFault(  # which titles it has is not said: without titles they would be somebody's names
        f"{file} has no column {', '.join(missing)}: write --id and --bind as the titles stand in the file"
    )


def _place(header: Sequence[str], column: str) -> int | None:
    """Where a column stands: its name as written, else as folded."""
    if column in header:
        return header.index(column)
    folded = [fold(cell) for cell in header]
    return folded.index(fold(column)) if fold(column) in folded else None


def _columns(table: TableInfo, places: Mapping[str, int]) -> tuple[Columns, list[int]]:
    """The cells of columns, and the numbers of their rows."""
    numbers: list[int] = []
    columns: dict[str, list[str]] = {column: [] for column in places}
    for block in table.blocks():
        for column, place in places.items():
            columns[column] += block.cells.column(f"c{place}").to_pylist()
        numbers += block.rows.tolist()
    return columns, numbers


class _Reader:
    """Turns bound columns into records."""

    def __init__(self, schemas: Path, today: date) -> None:
        self.rules = load_rules(schemas / "names")
        self._hearing = Hearing(self.rules)
        self._today = today
        lists = load_codelists(schemas / "codelists")
        self._plain: Mapping[str, Callable[[str], str]] = {
            "sex": _coded(lists["sex"]),
            "nationality": _coded(lists["country"]),
            "place": _coded(lists["province"], lists["region"]),
            "phone": plain_phone,
            "document_number": plain_document,
        }

    def records(self, columns: Columns, count: int, *, whole: bool) -> list[Record]:
        """With ``whole`` given and family name count as one name, since another file does not part them."""
        blank = [""] * count
        given, family, names = (_each(columns.get(name, blank), self._hearing.sounds) for name in _NAMES)
        if whole:
            names = [" ".join(filter(None, parts)) for parts in zip(names, given, family, strict=True)]
            given = family = blank
        births = read_births(columns.get("birth_date", blank), self._today)
        rest = (_each(columns.get(name, blank), plain) for name, plain in self._plain.items())
        return [Record(*parts) for parts in zip(given, family, names, births, *rest, strict=True)]


def _each(texts: Sequence[str], plain: Callable[[str], str]) -> list[str]:
    """Cells repeat: each spelling is looked at once."""
    known = {text: plain(text) for text in set(texts)}
    return [known[text] for text in texts]


def _coded(*lists: CodeList) -> Callable[[str], str]:
    """A reader of codes: the code of the first list that knows the spelling, else the folded text; unknown is blank."""

    def code(text: str) -> str:
        found = next((code for one in lists if (code := one.spelling(text))), None)
        return "" if found in UNKNOWN else found or fold(text)

    return code
