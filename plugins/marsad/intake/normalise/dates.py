"""Dates and timestamps: one reading or none.

The contract's patterns say in which order day and month stand; ISO 8601 is always read. A text that two listed
patterns read differently is unparsed, and so is whatever would need a guess: serial numbers of spreadsheets, years of
two digits, Hijri years, days that do not exist, unless the contract lists the pattern that makes it certain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

from marsad.intake.blocks import State
from marsad.intake.normalise.cells import LONGEST_FIGURE, UNPARSED, Cell, CellReader, ascii_digits
from marsad.intake.normalise.layouts import SERIAL, Layout, Moment, layouts, moment, rivals

_MIDNIGHT = time()
# Spreadsheets count days from here; before 61 they count a 29 February 1900 that never was.
_SERIAL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  spreadsheets know no zone
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SERIAL = re.compile(r"(?P<days>\d{2,7})(?:\.\d{1,10})?")
_FIRST_SERIAL = 61
_DAY_SECONDS = 86_400


def date_reader(formats: Sequence[str], column: str) -> CellReader:
    """Reads clean texts into ``date``.

    REPAIRED: other separators than listed, a century supplied (``yy``), a time of day dropped. A date known only by its
    year or month, where the contract lists such a pattern (``yyyy``), has value None but its year.
    """
    read = _moments(formats, column)

    def cell(text: str) -> Cell:
        found = read(text)
        if found is None:
            return UNPARSED
        if found.day is None:
            return Cell(None, _state(found.exact), found.year)
        dropped = found.clock not in {None, _MIDNIGHT}
        if dropped and found.zone:
            return UNPARSED  # which day it was depends on where the reader stands
        return Cell(found.day, _state(found.exact and not dropped), found.year)

    return cell


def timestamp_reader(formats: Sequence[str], column: str) -> CellReader:
    """Reads clean texts into naive ``datetime``: as written, in UTC where an offset is written.

    A day alone means its beginning: OK in ISO 8601, as which date cells of spreadsheets come, and where the contract
    lists a pattern without a time, else REPAIRED.
    """
    read = _moments(formats, column)
    days_listed = any("H" not in pattern for pattern in formats if pattern != SERIAL)

    def cell(text: str) -> Cell:
        found = read(text)
        instant = _instant(found) if found else None
        if found is None or instant is None:
            return UNPARSED
        whole = found.clock is not None or days_listed or _ISO_DAY.fullmatch(ascii_digits(text)) is not None
        return Cell(instant, _state(found.exact and whole))

    return cell


def _state(exact: bool) -> State:
    return State.OK if exact else State.REPAIRED


def _instant(found: Moment) -> datetime | None:
    if found.day is None:
        return None
    local = datetime.combine(found.day, found.clock or _MIDNIGHT)
    if found.zone in {None, "Z"}:
        return local
    try:
        zone = datetime.strptime(found.zone or "", "%z").tzinfo
        return local.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):  # +99:00, or beyond the year 9999
        return None


def _moments(formats: Sequence[str], column: str) -> Callable[[str], Moment | None]:
    """The one moment a text can mean under the formats, or None."""
    known = layouts(formats, column)
    loose = [layout for layout in known if layout.loose and not rivals(layout, known)]
    serial = SERIAL in formats

    def read(text: str) -> Moment | None:
        if len(text) > LONGEST_FIGURE:
            return None
        plain = ascii_digits(text)
        found = _strict(plain, known) | (_serial(plain) if serial else set())
        return _only(found or _loose(plain, loose))

    return read


def _strict(text: str, known: Iterable[Layout]) -> set[Moment]:
    matches = (layout.strict.fullmatch(text) for layout in known)
    return {found for match in matches if match and (found := moment(match, exact=True))}


def _loose(text: str, known: Iterable[Layout]) -> set[Moment]:
    matches = (layout.loose.fullmatch(text) for layout in known if layout.loose)
    return {found for match in matches if match and (found := moment(match, exact=False))}


def _only(found: set[Moment]) -> Moment | None:
    """The reading on which all patterns that fit agree."""
    return next(iter(found)) if len(found) == 1 else None


def _serial(text: str) -> set[Moment]:
    match = _SERIAL.fullmatch(text)
    if not match or int(match["days"]) < _FIRST_SERIAL:
        return set()
    seconds = round(float(text) % 1 * _DAY_SECONDS)
    try:
        instant = _SERIAL_ZERO + timedelta(days=int(match["days"]), seconds=seconds)
    except OverflowError:
        return set()
    return {Moment(instant.date(), instant.year, instant.time() if seconds else None)}
