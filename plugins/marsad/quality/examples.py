"""Made-up examples and labels that messages show; none comes from data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from marsad.contracts.codelists import CodeList
from marsad.contracts.model import Column, Labels
from marsad.quality.messages import LANGUAGES

MOMENT = datetime(2025, 3, 5, 14, 30)  # noqa: DTZ001 - an example, not an instant
ISO_DATE, ISO_TIME = "yyyy-MM-dd", "yyyy-MM-dd HH:mm"

_TOKENS = re.compile(r"y+|M+|d+|H+|m+|s+")
_WORDS: Mapping[str, Mapping[str, str]] = {
    "fr": {"y": "année", "M": "mois", "d": "jour", "H": "heure", "m": "minutes", "s": "secondes"},
    "ar": {"y": "السنة", "M": "الشهر", "d": "اليوم", "H": "الساعة", "m": "الدقائق", "s": "الثواني"},
    "en": {"y": "year", "M": "month", "d": "day", "H": "hour", "m": "minutes", "s": "seconds"},
}
_PLAIN: Mapping[str, Labels] = {
    "integer": {"fr": "12", "ar": "12", "en": "12"},
    "number": {"fr": "1250,50", "ar": "1250.50", "en": "1250.50"},
    "boolean": {"fr": "oui", "ar": "نعم", "en": "yes"},
    "identifier": {"fr": "2025-0147", "ar": "2025-0147", "en": "2025-0147"},
    "text": {"fr": "Rabat", "ar": "الرباط", "en": "Rabat"},
}


def labels(column: Column) -> Labels:
    """What the column is called in each language; another language's header where one is missing, else its name."""
    fallback = next((column.headers[lang] for lang in LANGUAGES if column.headers.get(lang)), column.name)
    return {lang: column.headers.get(lang) or fallback for lang in LANGUAGES}


def date_form(column: Column) -> Labels:
    """The date pattern the agency should write, in words: ``jour/mois/année``."""
    pattern = _pattern(column)
    return {lang: _spelt(pattern, words) for lang, words in _WORDS.items()}


def _spelt(pattern: str, words: Mapping[str, str]) -> str:
    return _TOKENS.sub(lambda token: words[token[0][0]], pattern)


def examples(column: Column, code_list: CodeList | None) -> Labels:
    """A made-up content of the column in each language: a date as agreed, labels of its code list, a plain value."""
    if column.type in {"date", "timestamp"}:
        return dict.fromkeys(LANGUAGES, _TOKENS.sub(_digits, _pattern(column)))
    if column.type == "code" and code_list is not None:
        return {lang: _codes(column, code_list, lang) for lang in LANGUAGES}
    if column.minimum is not None and column.type in {"integer", "number"}:
        return dict.fromkeys(LANGUAGES, str(column.minimum))
    return _PLAIN.get(column.type, _PLAIN["text"])


def _pattern(column: Column) -> str:
    if column.formats:
        return column.formats[0]
    return ISO_TIME if column.type == "timestamp" else ISO_DATE


def _digits(token: re.Match[str]) -> str:
    letters = token[0]
    value = {
        "y": MOMENT.year, "M": MOMENT.month, "d": MOMENT.day, "H": MOMENT.hour, "m": MOMENT.minute, "s": MOMENT.second,
    }[letters[0]]  # fmt: skip
    return str(value)[-2:] if letters == "yy" else str(value).zfill(len(letters))


def _codes(column: Column, code_list: CodeList, language: str) -> str:
    shown = list(code_list.codes.values())[: 2 if column.many else 1]
    return (column.many or "").join(code.labels.get(language, code.code) for code in shown)
