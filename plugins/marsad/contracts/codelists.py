"""Code lists: versioned classifications with three languages of labels and the spellings that agencies use."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

from marsad.contracts.text import fold
from marsad.errors import UsageFault
from marsad.warehouse.model import LANGUAGES

COLUMNS = (
    "scheme", "version", "code", "parent", "label_fr", "label_ar", "label_en", "spellings", "valid_from", "source",
)  # fmt: skip

# Codes stand in lists of one cell, in PostgreSQL's arrays and in keys of several parts: nothing that parts those.
_CODE = re.compile(r"(?!null$)[a-z0-9][a-z0-9_.+-]*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a list. ``parent`` is a code of the same list; ``spellings`` are those besides code and labels."""

    code: str
    parent: str | None
    labels: Mapping[str, str]
    spellings: tuple[str, ...]
    valid_from: date | None
    source: str = ""


@dataclass(frozen=True, slots=True)
class CodeList:
    """One classification. ``codes`` keep the order of the file.

    Raises UsageFault when a spelling stands for two codes: what an agency wrote is mapped by the list or not at all.
    """

    scheme: str
    version: str
    codes: Mapping[str, Code]
    _index: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _index(self.scheme, self.codes))

    def spelling(self, text: str) -> str | None:
        """The code meant by a cell, or None. A code beats a spelling; labels shared by two codes mean neither."""
        return self._index.get(fold(text))

    @property
    def known(self) -> Mapping[str, str]:
        """Folded spelling -> code: what ``spelling`` looks up, for callers that map whole columns at once."""
        return self._index

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of everything that decides how a cell is read."""
        content = [self.scheme, self.version, sorted(self._index.items()), sorted(self.codes)]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def codelist_files(*folders: Path) -> list[Path]:
    """The code lists of folders in order of name; hidden files, which editors leave, are none."""
    return [path for each in folders for path in sorted(each.glob("*.csv")) if not path.name.startswith(".")]


def codelists_by_name(*folders: Path) -> tuple[Mapping[str, list[Path]], list[str]]:
    """The files of each scheme in the order of folders, and what is wrong: folders that are not there."""
    files: dict[str, list[Path]] = {}
    for path in codelist_files(*folders):
        files.setdefault(path.stem, []).append(path)
    return files, [f"there is no folder of code lists {folder}" for folder in folders if not folder.is_dir()]


def load_codelists(*folders: Path) -> Mapping[str, CodeList]:
    """All ``*.csv`` of the folders by scheme; a file of a later folder adds to the list of its name.

    Raises UsageFault naming what is wrong in each file. A folder that is not there is wrong too.
    """
    lists: dict[str, CodeList] = {}
    files, faults = codelists_by_name(*folders)
    for scheme, paths in files.items():
        try:
            lists[scheme] = load_codelist(*paths)
        except UsageFault as fault:
            faults.append(str(fault))
    if faults:
        raise UsageFault("\n".join(faults))
    return lists


def load_codelist(*paths: Path) -> CodeList:
    """One code list; its scheme is the files' stem. Files after the first add codes to it, and spellings to its codes.

    Raises UsageFault naming file and line.
    """
    return _merged(*((path, _content(path)) for path in paths))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageFault(f"{path.name}: the file cannot be read: {error.strerror}") from None


@lru_cache(maxsize=512)
def _merged(*files: tuple[Path, bytes]) -> CodeList:
    """Kept by content: a command asks for all lists several times, and folding their spellings takes a second."""
    first, *more = files
    found = _parsed(*first)
    for path, content in more:
        found = _added(found, _parsed(path, content), path)
    _check_parents(files[-1][0], found.codes)
    return found


def _added(found: CodeList, own: CodeList, path: Path) -> CodeList:
    codes = dict(found.codes)
    for code in own.codes.values():
        known = codes.setdefault(code.code, code)
        if any(known.labels.get(language) != text for language, text in code.labels.items()):
            raise UsageFault(f"{path}: code '{code.code}' is known: leave its labels blank and give spellings only")
        if known is not code:
            codes[code.code] = replace(known, spellings=(*known.spellings, *code.spellings))
    try:
        return CodeList(found.scheme, f"{found.version}+{own.version}", codes)
    except UsageFault as fault:
        raise UsageFault(f"{path}: {fault}") from None


def _parsed(path: Path, content: bytes) -> CodeList:
    stream = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    reader = csv.DictReader(stream, strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise UsageFault(f"{path.name}:1: the columns must be {','.join(COLUMNS)}")
    rows = [(reader.line_num, row) for row in reader]
    codes = _codes(path, rows)
    try:
        return CodeList(path.stem, rows[0][1]["version"], codes)
    except UsageFault as fault:
        raise UsageFault(f"{path.name}: {fault}") from None


def _codes(path: Path, rows: list[tuple[int, dict[str, str]]]) -> Mapping[str, Code]:
    codes: dict[str, Code] = {}
    if not rows:
        raise UsageFault(f"{path.name}:1: the list has no codes")
    version = rows[0][1]["version"]
    for line, row in rows:
        fault = _row_fault(row, path.stem, version, codes)
        if fault:
            raise UsageFault(f"{path.name}:{line}: {fault}")
        codes[row["code"]] = _code(row)
    return codes


def _row_fault(row: Mapping[str, str], scheme: str, version: str, codes: Mapping[str, Code]) -> str | None:
    if None in row or None in row.values():
        return f"a row has {len(COLUMNS)} cells, no more and no less (quote cells that hold a comma)"
    if row["scheme"] != scheme or row["version"] != version:
        return f"scheme and version must be '{scheme}' and '{version}' in every row"
    if not row["code"] or row["code"] in codes:
        return f"code '{row['code']}' is blank or given twice"
    if not _CODE.fullmatch(row["code"]):
        return f"code '{row['code']}' must be of letters a-z and digits, inside also _ . + -, and not the word null"
    if row["valid_from"] and _day(row["valid_from"]) is None:
        return "valid_from must be a date like 2024-01-31, or blank"
    return None


def _code(row: Mapping[str, str]) -> Code:
    return Code(
        code=row["code"],
        parent=row["parent"] or None,
        labels={language: row[f"label_{language}"] for language in LANGUAGES if row[f"label_{language}"]},
        spellings=tuple(part.strip() for part in row["spellings"].split("|") if part.strip()),
        valid_from=_day(row["valid_from"]),
        source=row["source"],
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _check_parents(path: Path, codes: Mapping[str, Code]) -> None:
    for code in codes.values():
        if code.parent and code.parent not in codes:
            raise UsageFault(f"{path.name}: parent '{code.parent}' of code '{code.code}' is no code of this list")


def _index(scheme: str, codes: Mapping[str, Code]) -> Mapping[str, str]:
    exact = _claims((code.code, code.code) for code in codes.values())
    spelt = _claims((text, code.code) for code in codes.values() for text in code.spellings)
    label = _claims((text, code.code) for code in codes.values() for text in code.labels.values())
    claims = {text: claimants | exact.get(text, set()) for text, claimants in {**exact, **spelt}.items()}
    torn = [f"'{text}' stands for {' and '.join(sorted(both))}" for text, both in claims.items() if len(both) > 1]
    if torn:
        raise UsageFault(f"code list '{scheme}': keep each spelling at one code: {'; '.join(torn)}")
    merged = {**label, **claims}
    return {text: next(iter(claimants)) for text, claimants in merged.items() if len(claimants) == 1}


def _claims(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    claims: dict[str, set[str]] = {}
    for text, code in pairs:
        claims.setdefault(fold(text), set()).add(code)
    return claims
