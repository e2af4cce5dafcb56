"""Checking contracts: every problem of a file at once, each with its place and what to do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from marsad.contracts.binding_rules import binding_problems
from marsad.contracts.build import build_contract
from marsad.contracts.codelists import CodeList
from marsad.contracts.column_rules import column_problems
from marsad.contracts.document import Document, read_document
from marsad.contracts.feed_rules import feed_problems
from marsad.contracts.files import contract_files
from marsad.contracts.model import Column, Contract
from marsad.contracts.odcs import standard_problems
from marsad.contracts.parts import read_parts
from marsad.contracts.problems import Problem
from marsad.contracts.reading import Reading
from marsad.warehouse.model import Entity


def read_contract(
    path: Path, codelists: Mapping[str, CodeList], model: Mapping[str, Entity], home: Path | None = None
) -> tuple[Contract | None, list[Problem]]:
    """The contract, or None and its problems in order of the file.

    ``home`` is the folder whose feeds may name only providers of the code list ``provider``.
    """
    document = read_document(path)
    if isinstance(document, Problem):
        return None, [document]
    if not isinstance(document.data, dict):
        return None, [Problem(path, 1, 1, "type", "a contract is a mapping of keys, this file is not")]
    standard, broken = standard_problems(document)
    parts = read_parts(document, broken)
    reading = Reading(document, parts, codelists, model, home)
    problems = {*standard, *parts.problems, *column_problems(reading)}
    problems |= {*binding_problems(reading), *feed_problems(reading)}
    if problems or parts.feed is None:
        return None, sorted(problems)
    columns = tuple(column for _, column in reading.whole)
    fingerprint = _fingerprint(document, columns, codelists)
    return build_contract(document.data, parts.feed, columns, path, fingerprint), []


def read_contracts(
    paths: Iterable[Path],
    codelists: Mapping[str, CodeList],
    model: Mapping[str, Entity],
    home: Path | None = None,
) -> tuple[Mapping[str, Contract], list[Problem]]:
    """The sound contracts below the paths by feed, and all problems of the others."""
    contracts: dict[str, Contract] = {}
    problems: list[Problem] = []
    for path in contract_files(paths):
        contract, found = read_contract(path, codelists, model, home)
        problems += found
        if contract and contracts.setdefault(contract.feed, contract) is not contract:
            problems.append(_second_contract(contract, contracts[contract.feed].path))
    return contracts, problems


def check_folder(
    paths: Iterable[Path],
    codelists: Mapping[str, CodeList],
    model: Mapping[str, Entity],
    home: Path | None = None,
) -> list[Problem]:
    """All problems of all contracts below the paths (folders of agencies, or single files)."""
    return read_contracts(paths, codelists, model, home)[1]


def _second_contract(contract: Contract, other: Path) -> Problem:
    message = f"feed '{contract.feed}' has two contracts: {other} and {contract.path}"
    return Problem(contract.path, 1, 1, "two-contracts", message, "keep one of them")


def _fingerprint(document: Document, columns: tuple[Column, ...], codelists: Mapping[str, CodeList]) -> str:
    used = sorted({column.codelist for column in columns if column.codelist})
    content = [document.data, [[name, codelists[name].fingerprint] for name in used if name in codelists]]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
