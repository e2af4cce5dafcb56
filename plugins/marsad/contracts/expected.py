"""What a column takes, in words that a program can follow as well: type, form, allowed values, an example."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from marsad.contracts.choices import choices
from marsad.contracts.codelists import CodeList
from marsad.contracts.examples import date_form, examples, labels, limit
from marsad.contracts.model import Column, Contract
from marsad.warehouse.model import LANGUAGES


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
