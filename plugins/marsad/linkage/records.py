"""A record as linkage sees it: names as sounds, a birth date with what is known of it, codes, numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from marsad.contracts.text import fold
from marsad.identity.names import Hearing

UNKNOWN = frozenset({"U", "XXX", "total", "unknown"})
"""Codes of lists that say nothing of a person."""

_PHONE_DIGITS = 8  # of the end: the rest is country and trunk codes, written or not
_NO_DIGIT, _NO_SIGN = re.compile(r"\D"), re.compile(r"[\W_]")
_NEW_YEAR = (1, 1)
_HALF_YEAR = 6


@dataclass(frozen=True, slots=True)
class Birth:
    """What is known of a birth date. ``month`` and ``day`` are None when only the year is.

    The first of January stands for "some day of that year" in most registers, so it is taken for that. ``about`` is
    true when the year comes from an age that somebody stated or guessed.
    """

    year: int
    month: int | None = None
    day: int | None = None
    about: bool = False

    @classmethod
    def of(cls, day: date | None, year: int | None = None) -> Birth | None:
        """From a day, or from a year alone; None when neither is known."""
        if day is None:
            return None if year is None else cls(year)
        return cls(day.year) if (day.month, day.day) == _NEW_YEAR else cls(day.year, day.month, day.day)

    @classmethod
    def stated(cls, age: int | None, on: date | None) -> Birth | None:
        """From an age in completed years on a day: the middle of the two years it leaves."""
        return None if age is None or on is None else cls(on.year - age - (on.month <= _HALF_YEAR), about=True)


@dataclass(frozen=True, slots=True)
class Record:
    """All that linkage compares; "" and None where nothing is known. Names are sounds (``Hearing``).

    ``slips`` are numbers that agencies exchanged of one person, ``cases`` those of a case, which may have many victims.
    ``file`` is the case in which its sender numbers it: two records of one file are two people.
    """

    given: str = ""
    family: str = ""
    whole: str = ""
    birth: Birth | None = None
    sex: str = ""
    nationality: str = ""
    place: str = ""
    phone: str = ""
    document: str = ""
    slips: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True)
class Skeletons:
    """Consonant classes of a record's names: each word, and given and family name as one."""

    words: frozenset[str]
    given: str
    family: str


def skeletons(record: Record, hearing: Hearing) -> Skeletons:
    """Of given and family name, or of the whole name."""
    words = {hearing.skeleton(word) for name in (record.given, record.family, record.whole) for word in name.split()}
    return Skeletons(frozenset(words - {""}), hearing.skeleton(record.given), hearing.skeleton(record.family))


def plain_phone(text: str) -> str:
    """The last digits of a telephone number; "" for one that tells nobody apart: too short, or one digit throughout."""
    digits = _NO_DIGIT.sub("", fold(text))[-_PHONE_DIGITS:] if text else ""
    return digits if len(digits) >= _PHONE_DIGITS - 2 and len(set(digits)) > 1 else ""


def plain_document(text: str) -> str:
    """A document or reference number without spaces and signs; "" for one that tells nobody apart.

    That is too short, a word ("lost", "none"), or one sign again and again.
    """
    signs = _NO_SIGN.sub("", fold(text)) if text else ""
    enough = len(signs) > 3 and any(map(str.isdigit, signs))  # noqa: PLR2004 - AB1: the shortest that is none
    return signs if enough and len(set(signs)) > 1 else ""
