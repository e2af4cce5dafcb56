"""The one folding of short texts: two spellings are the same header, or the same code, when they fold alike."""

from __future__ import annotations

import unicodedata

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
    words = "".join(char if _counts(char) else " " for char in bare).split()
    return " ".join(words) or " ".join(bare.split())


def _bare(text: str) -> str:
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = "".join(_plain(char) for char in spread)
    return unicodedata.normalize("NFC", letters.translate(_ALIKE))


def _plain(char: str) -> str:
    """The character without what makes no difference: nothing for marks and invisibles, ASCII for digits."""
    category = unicodedata.category(char)
    if category in {"Mn", "Cf"}:
        return ""
    return str(unicodedata.digit(char)) if category == "Nd" else char


def _counts(char: str) -> bool:
    return char in _MEANT or unicodedata.category(char)[0] in "LNSM"
