"""What agencies are shown of a code list: its choices in the order in which one looks for them, and examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from marsad import yaml12
from marsad.contracts.codelists import Code, CodeList
from marsad.contracts.model import Contract
from marsad.contracts.text import fold
from marsad.settings import PROJECT


@cache
def _orders(path: Path = PROJECT / "schemas" / "choices.yaml") -> Mapping[str, Any]:
    return dict(yaml12.load(path))


def choices(codes: CodeList, contract: Contract, language: str) -> list[str]:
    """What agencies may choose, in order of the list or of labels: the label where it means its code, else the code.

    A code for totals is none of them: in the files of this contract its labels mark a row that is no record.
    """
    totals = {codes.spelling(word) for word in contract.total_words}
    plain = [code for code in codes.codes.values() if code.code not in totals]
    texts = ((code.code, code.labels.get(language, code.code)) for code in plain)
    first = _orders()["first"].get(codes.scheme, ())
    ordered = sorted(texts, key=partial(_place, first)) if codes.scheme in _orders()["by_label"] else texts
    return [text if codes.spelling(text) == code else code for code, text in ordered]


def _place(first: Sequence[str], choice: tuple[str, str]) -> tuple[int, str]:
    code, text = choice
    return first.index(code) if code in first else len(first), fold(text)


def typical(codes: CodeList) -> list[Code]:
    """The codes in the order in which they make examples."""
    frequent = [code for code in _orders()["examples"].get(codes.scheme, ()) if code in codes.codes]
    return [codes.codes[code] for code in (*frequent, *codes.codes)]
