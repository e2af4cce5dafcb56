"""The one folding of short texts: two spellings are the same header, or the same code, when they fold alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

# Letters that Unicode does not decompose but that are typed either way.
_ALIKE = str.maketrans(
    {
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ı": "i",
        "°": "o",  # "N°" and "Nº": NFKC already makes o of the second
        "ٱ": "ا",
        "ى": "ي",
        "ی": "ي",
        "ة": "ه",
        "ک": "ك",
        "ء": None,
        "ـ": None,
    }
)
_MEANT = frozenset("%")  # punctuation to Unicode, but it tells a count from a share


def fold(text: str) -> str:
    """The comparable form of a header or of a code's spelling; idempotent, never longer than a few words.

    Compatibility forms, case, accents, Arabic vowel signs and tatweel, hamza carriers, alef maqsura, teh marbuta,
    digits of other scripts, punctuation and white space stop making a difference. A text of punctuation alone
    ("-", "?") is kept, since agencies use it as a spelling.
    """
    bare = _bare(text)
    return " ".join(bare.translate(_SPACED).split()) or " ".join(bare.split())


def _bare(text: str) -> str:
    if text.isascii():  # most numbers and codes: nothing of the rest can change them
        return text.lower()
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", spread.translate(_PLAIN).translate(_ALIKE))


class _ByCharacter(dict[int, str]):
    """A table for ``str.translate`` that is worked out as characters come; the rare ones are not kept."""

    def __init__(self, become: Callable[[str], str]) -> None:
        self._become = become

    def __missing__(self, point: int) -> str:
        made = self._become(chr(point))
        if point < _KEPT:
            self[point] = made
        return made


def _plain(char: str) -> str:
    """The character without what makes no difference: nothing for marks and invisibles, ASCII for digits."""
    category = unicodedata.category(char)
    if category in {"Mn", "Cf"}:
        return ""
    return str(unicodedata.digit(char)) if category == "Nd" else char


def _spaced(char: str) -> str:
    return char if char in _MEANT or unicodedata.category(char)[0] in "LNSM" else " "


_KEPT = 0x3000  # the scripts that agencies write in
_PLAIN, _SPACED = _ByCharacter(_plain), _ByCharacter(_spaced)
