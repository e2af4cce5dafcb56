"""Made-up examples and labels that messages show; none comes from data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from marsad.contracts.choices import typical
from marsad.contracts.codelists import CodeList
from marsad.contracts.model import Column, Labels
from marsad.errors import UsageFault
from marsad.warehouse.model import LANGUAGES

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
        return dict.fromkeys(LANGUAGES, _written(_pattern(column), MOMENT))
    if column.type == "code" and code_list is not None:
        return {lang: _codes(column, code_list, lang) for lang in LANGUAGES}
    plain = _PLAIN.get(column.type, _PLAIN["text"])
    if column.type in {"integer", "number"} and not _within(column, float(plain["en"])):
        return dict.fromkeys(LANGUAGES, str(column.maximum if column.minimum is None else column.minimum))
    return plain


def in_words(column: Column, codelists: Mapping[str, CodeList], language: str) -> str:
    """The example that the contract gives of a text, as agencies write it: labels for codes."""
    listed = codelists.get(column.codelist or "")
    codes = listed.codes if listed else {}
    parts = (column.example or "").split(column.many)
    shown = [codes[part].labels.get(language, part) if part in codes else part for part in parts]
    return f"{column.many} ".join(shown)


def _within(column: Column, value: float) -> bool:
    low, high = column.minimum, column.maximum
    return (low is None or float(low) <= value) and (high is None or value <= float(high))


def limit(column: Column, value: float | str | None) -> str:
    """A limit of the column as agencies would write it: a day in the column's own form, a number as it is.

    Raises UsageFault when the contract limits a date by something that is no ISO date.
    """
    if column.type not in {"date", "timestamp"} or value is None:
        return str(value)
    return _written(_pattern(column), moment(str(value)))


def moment(text: str) -> datetime:
    """The moment that an ISO date or time in a contract or suite means. Raises UsageFault when it is none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UsageFault(f"'{text}' is compared with a date and is none; write it like 2024-01-31") from None


def _pattern(column: Column) -> str:
    plain = (pattern for pattern in column.formats if _in_digits(pattern))
    return next(plain, ISO_TIME if column.type == "timestamp" else ISO_DATE)


def _in_digits(pattern: str) -> bool:
    """Whether the pattern has no names of months and nothing but date letters (no serial numbers)."""
    return "MMM" not in pattern and not any(letter.isalpha() for letter in _TOKENS.sub("", pattern))


def _written(pattern: str, when: datetime) -> str:
    parts = {"y": when.year, "M": when.month, "d": when.day, "H": when.hour, "m": when.minute, "s": when.second}

    def digits(token: re.Match[str]) -> str:
        text = str(parts[token[0][0]])
        return text[-2:] if token[0] == "yy" else text.zfill(len(token[0]))

    return _TOKENS.sub(digits, pattern)


def _codes(column: Column, code_list: CodeList, language: str) -> str:
    shown = typical(code_list)[: 2 if column.many else 1]
    return f"{column.many} ".join(code.labels.get(language, code.code) for code in shown)
