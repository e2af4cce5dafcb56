"""The words of the pages: ``schemas/portal.yaml``, each in French, Arabic and English."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from marsad import yaml12
from marsad.contracts.wording import fill
from marsad.errors import PlatformFault
from marsad.settings import PROJECT
from marsad.warehouse.model import LANGUAGES

Word = Callable[..., str]
DEFAULT = LANGUAGES[0]


@cache
def portal_words(path: Path = PROJECT / "schemas" / "portal.yaml") -> Mapping[str, Mapping[str, str]]:
    """All words by key and language."""
    return dict(yaml12.load(path))


def speaker(language: str) -> Word:
    """``word(key, **params)`` in that language; PlatformFault for a key that nobody wrote."""
    words = portal_words()

    def word(key: str, **params: str | int) -> str:
        if key not in words:
            raise PlatformFault(f"no word '{key}' in schemas/portal.yaml")
        return fill(words[key][language], params)

    return word


def choose(*wishes: str | None) -> str:
    """The first wish that is one of our languages, else French."""
    return next((wish for wish in wishes if wish in LANGUAGES), DEFAULT)


def accepted(header: str) -> str | None:
    """The first of our languages that a browser's Accept-Language names."""
    names = (part.partition(";")[0].strip()[:2].lower() for part in header.split(","))
    return next((name for name in names if name in LANGUAGES), None)


def comma(language: str) -> str:
    """What stands between the parts of a list."""
    return "، " if language == "ar" else ", "


def direction(language: str) -> str:
    """``rtl`` for Arabic, else ``ltr``."""
    return "rtl" if language == "ar" else "ltr"
