"""Date patterns in ICU letters, compiled: how a contract says that days are written in one of its columns.

A layout reads one order of day, month and year. What it reads is a ``Moment``; which of several to believe, and what
it means for the cell, is decided in ``dates``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import NamedTuple

from marsad.errors import UsageFault
from marsad.intake.normalise.months import month_of

SERIAL = "serial"
_ISO = "yyyy-MM-dd"
# Earlier years are Hijri (1300-1500) or slips of typing ("0024"); they are never converted.
FIRST_YEAR = 1600
# POSIX (strptime %y): 69-99 are 1969-1999, 00-68 are 2000-2068.
_PIVOT = 69

_TOKEN = re.compile(r"(?P<quoted>'[^']*')|(?P<letters>yyyy|yy|MMMM|MMM|MM|M|dd|d)|(?P<other>[^A-Za-z0-9']+)")
_FIELDS: Mapping[str, str] = {
    "yyyy": r"(?P<year>\d{4})",
    "yy": r"(?P<short>\d{2})",
    "MMMM": r"(?P<name>[^\W\d_][^\d/]*?)",
    "MMM": r"(?P<name>[^\W\d_][^\d/]*?)",
    "MM": r"(?P<month>\d{1,2})",
    "M": r"(?P<month>\d{1,2})",
    "dd": r"(?P<day>\d{1,2})",
    "d": r"(?P<day>\d{1,2})",
}
_FIRST_OF_MONTH = r"(?:er)?"  # 1er mars
_GREGORIAN = r"(?:\s?م)?"  # the mark that Arabic sets after a Gregorian year
_CLOCK = (
    r"(?:(?:\s*T|,?\s+)(?P<hour>\d{1,2})\s?[:h]\s?(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?\s?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_ANY_SEPARATOR = (r"\s*(?P<mark>[/.\-؍ ])\s*", r"\s*(?P=mark)\s*")


class Moment(NamedTuple):
    """One reading of a text. ``day`` is None when only year (and month) are written; ``clock`` when no time is.

    ``zone`` is the offset as written ("Z", "+01:00"). ``exact`` is False when separators or a century were supplied.
    """

    day: date | None
    year: int
    clock: time | None = None
    zone: str | None = None
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """One compiled pattern. ``order`` has one of y, M, d each in the order written; ``loose`` takes any separator."""

    order: str
    strict: re.Pattern[str]
    loose: re.Pattern[str] | None
    short_year: bool
    clocked: bool

    @property
    def family(self) -> tuple[str, bool]:
        """Layouts of one family could read the same digits in different orders."""
        return ("short" if self.short_year else self.order.index("y") and "last" or "first"), "d" in self.order


def layouts(formats: Sequence[str], column: str) -> tuple[Layout, ...]:
    """The contract's patterns and ISO 8601, which is always read. UsageFault names a pattern that is none."""
    listed = [pattern for pattern in formats if pattern != SERIAL]
    return tuple(_layout(pattern, column) for pattern in dict.fromkeys((*listed, _ISO)))


def rivals(layout: Layout, known: Iterable[Layout]) -> bool:
    """Whether another pattern of the contract reads the same digits in another order."""
    return any(other.family == layout.family and other.order != layout.order for other in known)


def _layout(pattern: str, column: str) -> Layout:
    day_part, clocked = _without_clock(pattern)
    pieces = list(_TOKEN.finditer(day_part))
    letters = [piece["letters"] for piece in pieces if piece["letters"]]
    order = "".join(word[0] for word in letters)
    whole = "".join(piece[0] for piece in pieces) == day_part
    if not whole or order.count("y") != 1 or len(set(order)) != len(order) or ("d" in order and "M" not in order):
        raise UsageFault(
            f"column '{column}': '{pattern}' is no date pattern; write it like dd/MM/yyyy, d MMMM yyyy, yyyyMMdd"
        )
    strict, loose = _expressions(pieces)
    return Layout(order, strict, loose, "yy" in letters, clocked)


def _without_clock(pattern: str) -> tuple[str, bool]:
    """The day's part of a pattern: how the time of day is written is the same everywhere and needs no pattern."""
    day_part, hour, _ = pattern.partition("H")
    return (re.sub(r"(?:'T'|T|[\s,])+$", "", day_part), True) if hour else (pattern, False)


def _expressions(pieces: Sequence[re.Match[str]]) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    strict, loose, separators = "", "", 0
    for number, piece in enumerate(pieces):
        if piece["letters"]:
            glued = any(0 <= near < len(pieces) and pieces[near]["letters"] for near in (number - 1, number + 1))
            field = _field(piece["letters"], glued)
            strict, loose = strict + field, loose + field
        else:
            strict += _literal(piece[0].strip("'"))
            loose += _ANY_SEPARATOR[min(separators, 1)]
            separators += 1
    ending = _GREGORIAN + _CLOCK
    return re.compile(strict + ending), re.compile(loose + ending) if separators else None


def _field(letters: str, glued: bool) -> str:
    if glued:
        return _FIELDS[letters].replace("{1,2}", "{2}")
    return _FIELDS[letters] + (_FIRST_OF_MONTH if letters in {"d", "dd"} else "")


def _literal(text: str) -> str:
    return r"\s+" if text.isspace() else r"\s*".join(re.escape(part) for part in re.split(r"\s+", text))


def moment(found: re.Match[str], exact: bool) -> Moment | None:
    """What the match says, or None when there is no such day or time (31/02, 25:00)."""
    fields = found.groupdict()
    short = fields.get("short")
    year = _century(int(short)) if short else int(fields["year"])
    month = month_of(fields["name"]) if fields.get("name") else int(fields.get("month") or 1)
    try:
        day = date(year, month or 0, int(fields.get("day") or 1))
        clock = _clock(fields)
    except ValueError:
        return None
    if year < FIRST_YEAR:
        return None
    return Moment(day if fields.get("day") else None, year, clock, fields["zone"], exact and not short)


def _century(short: int) -> int:
    return short + (1900 if short >= _PIVOT else 2000)


def _clock(fields: Mapping[str, str | None]) -> time | None:
    if fields["hour"] is None:
        return None
    microseconds = int((fields["fraction"] or "").ljust(6, "0")[:6])
    return time(int(fields["hour"]), int(fields["minute"] or 0), int(fields["second"] or 0), microseconds)
