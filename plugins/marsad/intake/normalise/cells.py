"""One cell: what reading it yields, and the cleaning that goes before any reading."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple

from marsad.intake.blocks import State

# Longer texts are no date and no number; the bound keeps the patterns that read them cheap on any input.
LONGEST_FIGURE = 64

# Controls (without tab, line feed, carriage return), soft hyphen, zero-width characters, directional marks, BOM,
# interlinear marks. Arabic number signs (U+0600 …) are visible and stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+"
)
_HARD_SPACE = re.compile("[\xa0\u2007\u202f]")
_FOREIGN_DIGIT = re.compile("[٠-٩۰-۹]")  # Arabic-Indic, Persian

# What spreadsheets in English and French show where a formula failed, without spaces (LibreOffice writes "#REF !");
# nobody typed it, so it is no text either.
FAILED = frozenset({
    "#calc!", "#div/0!", "#n/a", "#n/d", "#name?", "#nom?", "#nombre!", "#nul!", "#null!", "#num!", "#ref!", "#spill!",
    "#valeur!", "#value!",
})  # fmt: skip
FAILED_SIGN = "#"


class Cell(NamedTuple):
    """A cell as understood. ``value`` is None unless ``state`` is OK or REPAIRED.

    ``year`` is known for dates and for bare years; a bare year is the one such cell whose value is None.
    """

    value: object
    state: State
    year: int | None = None


CellReader = Callable[[str], Cell]

BLANK = Cell(None, State.BLANK)
UNPARSED = Cell(None, State.UNPARSED)
UNMAPPED = Cell(None, State.UNMAPPED)
PLACEHOLDER = Cell(None, State.PLACEHOLDER)


def clean(text: str) -> tuple[str, bool]:
    """The text in Unicode NFC, without invisible characters and outer spaces, no-break spaces as spaces.

    The flag tells whether invisible characters were removed: trimming, NFC and kinds of space change nothing that a
    reader could see and are not worth a remark. Idempotent.
    """
    if text.isascii() and text.isprintable():
        return text.strip(), False
    visible = _INVISIBLE.sub("", text)
    neat = unicodedata.normalize("NFC", _HARD_SPACE.sub(" ", visible)).strip()
    return neat, visible != text


def ascii_digits(text: str) -> str:
    """The text with Arabic-Indic and Persian digits written 0-9."""
    return text if text.isascii() else _FOREIGN_DIGIT.sub(lambda found: str(int(found[0])), text)


def blank_key(text: str) -> str:
    """What two spellings of "nothing" are compared by: clean text, any case, any digits."""
    return ascii_digits(clean(text)[0]).casefold()


def blank_keys(blanks: Iterable[str]) -> frozenset[str]:
    """Keys of a contract's blank spellings and of the empty cell."""
    return frozenset({"", *map(blank_key, blanks)})


def placeholder_keys(placeholders: Iterable[str]) -> frozenset[str]:
    """Keys of a contract's placeholders."""
    return frozenset(map(blank_key, placeholders))
