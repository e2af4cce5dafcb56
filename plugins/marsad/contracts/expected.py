"""What a column takes, in words that a program can follow as well: type, form, allowed values, an example."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from marsad.contracts.codelists import CodeList
from marsad.contracts.examples import date_form, examples, labels, limit
from marsad.contracts.model import Column, Contract
from marsad.contracts.text import fold
from marsad.warehouse.model import LANGUAGES

# Lists that one looks up by name, and the codes that stand first since most rows have them.
_BY_LABEL: Mapping[str, Sequence[str]] = {"country": ("MAR", "CIV", "NER"), "court": (), "province": ()}


def expected_columns(
    contract: Contract, codelists: Mapping[str, CodeList], names: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """For each of the named columns of the contract what may stand in it; derived columns are left out."""
    known = {column.name: column for column in contract.columns}
    return {name: _expected(known[name], contract, codelists) for name in sorted(names) if name in known}


def _expected(column: Column, contract: Contract, codelists: Mapping[str, CodeList]) -> dict[str, Any]:
    codes = codelists.get(column.codelist or "")
    dated = column.type in {"date", "timestamp"}
    about = {
        "label": labels(column),
        "type": column.type,
        "required": column.required or column.key is not None,
        "example": examples(column, codes),
        "form": date_form(column) if dated else None,
        "allowed": {language: choices(codes, contract, language) for language in LANGUAGES} if codes else None,
        "separator": column.many,
        "minimum": None if column.minimum is None else limit(column, column.minimum),
        "maximum": None if column.maximum is None else limit(column, column.maximum),
        "max_length": column.max_length,
        "pattern": column.pattern,
    }
    return {name: value for name, value in about.items() if value is not None}


def choices(codes: CodeList, contract: Contract, language: str) -> list[str]:
    """What agencies may choose, in order of the list or of labels: the label where it means its code, else the code.

    A code for totals is none of them: in the files of this contract its labels mark a row that is no record.
    """
    totals = {codes.spelling(word) for word in contract.total_words}
    plain = [code for code in codes.codes.values() if code.code not in totals]
    texts = ((code.code, code.labels.get(language, code.code)) for code in plain)
    ordered = sorted(texts, key=partial(_place, _BY_LABEL[codes.scheme])) if codes.scheme in _BY_LABEL else texts
    return [text if codes.spelling(text) == code else code for code, text in ordered]


def _place(first: Sequence[str], choice: tuple[str, str]) -> tuple[int, str]:
    code, text = choice
    return first.index(code) if code in first else len(first), fold(text)
