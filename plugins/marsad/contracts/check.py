"""Checking contracts: every problem of a file at once, each with its place and what to do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from marsad.contracts.build import build_contract
from marsad.contracts.codelists import CodeList
from marsad.contracts.document import Document, read_document
from marsad.contracts.model import Column, Contract
from marsad.contracts.odcs import standard_problems
from marsad.contracts.parts import read_parts
from marsad.contracts.problems import Problem
from marsad.warehouse.model import Entity


def read_contract(
    path: Path, codelists: Mapping[str, CodeList], model: Mapping[str, Entity]
) -> tuple[Contract | None, list[Problem]]:
    """The contract, or None and its problems in order of the file."""
    document = read_document(path)
    if isinstance(document, Problem):
        return None, [document]
    problems = list(standard_problems(document))
    if not isinstance(document.data, dict):
        return None, problems
    parts = read_parts(document)
    problems += parts.problems
    columns = tuple(part.column for part in parts.columns if part.column)
    if problems or parts.feed is None:
        return None, sorted(set(problems))
    fingerprint = _fingerprint(document, columns, codelists)
    return build_contract(document.data, parts.feed, columns, path, fingerprint), []


def _fingerprint(document: Document, columns: tuple[Column, ...], codelists: Mapping[str, CodeList]) -> str:
    used = sorted({column.codelist for column in columns if column.codelist})
    content = [document.data, [[name, codelists[name].fingerprint] for name in used if name in codelists]]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
