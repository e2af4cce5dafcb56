"""Texts that agencies read, filled in: placeholders, and nouns that follow their number, in Arabic too."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from marsad import yaml12
from marsad.contracts.model import Labels
from marsad.settings import PROJECT

_TOKEN = re.compile(r"\{(\w+)(?:\|([^{}]*))?\}")
_TWO_FORMS, _ARABIC_FORMS = 2, 5


@cache
def load_wording(path: Path = PROJECT / "schemas" / "wording.yaml") -> Mapping[str, Labels]:
    """The words around messages, by id and language."""
    return dict(yaml12.load(path))


def word(id_: str, language: str, **params: str | int) -> str:
    """One text of ``schemas/wording.yaml``, filled in; KeyError for an unknown id."""
    return fill(load_wording()[id_][language], params)


def covered(receipt: Mapping[str, Any]) -> str | None:
    """The periods that a receipt speaks of as one text, from the first to the last; None when it names none."""
    periods = receipt.get("periods") or ([receipt["period"]] if receipt.get("period") else [])
    return " – ".join(dict.fromkeys((periods[0], periods[-1]))) if periods else None


def fill(text: str, params: Mapping[str, str | int]) -> str:
    """``text`` with its placeholders filled; one that ``params`` does not know stays as it is written.

    ``{rows}`` is the number itself. ``{rows|# row|# rows}`` is the form that goes with it, ``#`` being the number: two
    forms for one and more, five for Arabic (1, 2, 3-10, 11-99, hundreds; Unicode CLDR's plural rules).
    """

    def put(found: re.Match[str]) -> str:
        name, forms = found[1], found[2]
        if name not in params:
            return found[0]
        return str(params[name]) if forms is None else counted(int(params[name]), forms.split("|"))

    return _TOKEN.sub(put, text)


def counted(number: int, forms: Sequence[str]) -> str:
    """The form of a noun that goes with ``number``, ``#`` replaced by it.

    Raises:
        ValueError: there are neither two nor five forms.
    """
    if len(forms) not in {_TWO_FORMS, _ARABIC_FORMS}:
        raise ValueError("a counted text has two forms, or five in Arabic")
    place = int(number != 1) if len(forms) == _TWO_FORMS else _arabic(number)
    return forms[place].replace("#", str(number))


def _arabic(number: int) -> int:
    """CLDR: one, two, few (3-10 of a hundred), many (11-99), other; none counts as other."""
    if number in {1, 2}:
        return number - 1
    rest = number % 100
    if 3 <= rest <= 10:  # noqa: PLR2004 - see above
        return 2
    return 3 if rest > 10 else 4  # noqa: PLR2004 - see above
