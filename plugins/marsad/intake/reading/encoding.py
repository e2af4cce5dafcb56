"""Which encoding a text file has, and its content as UTF-8 in a stream.

Bytes that cannot be decoded, and NUL (which PostgreSQL text cannot hold), become ``BROKEN``, so that the row they
stand in is marked and no other row is lost.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import chardet

from marsad.intake.reading.limits import SEGMENT_BYTES

BROKEN = "\U0010fffe"
"""A noncharacter: no text has it for a reason, so it can stand for what was not text."""

BROKEN_BYTES = BROKEN.encode()
ERRORS = "marsad.broken"
_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LIKELY = ("cp1252", "cp1256", "iso8859-1", "iso8859-6", "iso8859-15", "mac-roman", "cp850", "iso8859-9", "cp1254")
"""What Moroccan and partner offices write besides Unicode: Windows French, Arabic, Turkish, ISO, Macintosh, old DOS."""

_SUPERSETS = {"iso8859-1": "cp1252", "iso8859-9": "cp1254"}
"""The same letters, and quotation marks where ISO has control characters."""

_NOT_ISO = tuple(name for name in _LIKELY if not name.startswith("iso"))
_CONTROLS = re.compile(rb"[\x80-\x9f]")
"""Bytes that are letters or signs elsewhere, and in ISO 8859 controls, which no text has."""

_END = b"\x1a"
"""What old programs write at the end of a text."""

_SURE = 0.6
"""Confidence from which an encoding outside the likely ones is believed (Greek, Cyrillic … texts reach 0.7)."""

_SAMPLE_BYTES = 32 << 10
_STRAY = 10
"""So many valid multi-byte sequences for one invalid byte make a file damaged UTF-8 and not another encoding."""


def _replace(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return BROKEN, error.end
    raise error


codecs.register_error(ERRORS, _replace)


def detect_encoding(head: bytes) -> str:
    """Python's name of the encoding of a text that begins with ``head``; ``ascii`` while nothing else was seen."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            lies = name == "utf-8-sig" and not _is_utf8(head)
            return _legacy(head[len(mark) :]) if lies else name
    wide = _wide(head)
    if wide:
        return wide
    if head.isascii():
        return "ascii"
    return "utf-8" if _is_utf8(head) else _legacy(head)


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, told by where the zero bytes of ASCII delimiters and digits stand."""
    sample = head[: 4096 - 4096 % 4]
    if sample.count(0) * 10 < len(sample) or len(sample) < 4:
        return None
    zeros = [sample[lane::4].count(0) * 4 / len(sample) for lane in range(4)]
    if min(zeros[1:]) > 0.9 and zeros[0] < 0.5:
        return "utf-32-le"
    if min(zeros[:3]) > 0.9 and zeros[3] < 0.5:
        return "utf-32-be"
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if odd > 4 * even + 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd + 0.05 else None


def _is_utf8(head: bytes) -> bool:
    text, _ = codecs.utf_8_decode(head, ERRORS, False)  # an unfinished character at the end is no error
    broken = text.count(BROKEN)
    if not broken:
        return True
    valid = len(re.findall(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}", head))
    return valid >= _STRAY * broken


def _legacy(head: bytes) -> str:
    sample = _telling_lines(head)
    free = chardet.detect(sample, compat_names=False)
    if free["encoding"] not in _LIKELY and (free["confidence"] or 0) < _SURE:
        free = chardet.detect(sample, compat_names=False, include_encodings=_LIKELY)
    if _CONTROLS.search(head) and (free["encoding"] or "").startswith("iso8859"):
        free = chardet.detect(sample, compat_names=False, include_encodings=_NOT_ISO)
    name = free["encoding"] or "cp1252"
    wider = _SUPERSETS.get(name)
    if wider and _decodes(head, wider):
        return wider
    return name if _known(name) else "cp1252"


def _telling_lines(head: bytes) -> bytes:
    """The lines with letters outside ASCII: only they tell one encoding from another."""
    lines = [line for line in re.split(rb"[\r\n]+", head) if not line.isascii()]
    return b"\n".join(lines)[:_SAMPLE_BYTES]


def _decodes(head: bytes, name: str) -> bool:
    try:
        head.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _known(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding
    except LookupError:
        return False


@dataclass(slots=True)
class Utf8Stream:
    """A text file as chunks of UTF-8 bytes, without byte order mark and without NUL.

    ``encoding`` may change from ``ascii`` to what the first other bytes turn out to be. A file in UTF-8 is passed on
    as it is: what is invalid in it is still to be found by whoever parses.
    """

    file: BinaryIO
    encoding: str
    chunk_bytes: int = SEGMENT_BYTES

    def __iter__(self) -> Iterator[tuple[bytes, bool]]:
        """Pairs of chunk and whether it is the last; the last may be empty."""
        decoder: codecs.IncrementalDecoder | None = None
        first = True
        while True:
            chunk = self.file.read(self.chunk_bytes)
            final = len(chunk) < self.chunk_bytes
            self._decide(chunk)
            if decoder is None and not self.is_utf8:
                decoder = codecs.getincrementaldecoder(self.encoding)(ERRORS)
            yield self._clean(chunk, decoder, first, final), final
            if final:
                return
            first = False

    @property
    def is_utf8(self) -> bool:
        """True while bytes need no translation."""
        return self.encoding in {"ascii", "utf-8", "utf-8-sig"}

    def _decide(self, chunk: bytes) -> None:
        if self.encoding == "ascii" and not chunk.isascii():
            self.encoding = detect_encoding(chunk)

    def _clean(self, chunk: bytes, decoder: codecs.IncrementalDecoder | None, first: bool, final: bool) -> bytes:
        if first:
            chunk = chunk.removeprefix(codecs.BOM_UTF8)  # also before a text that is in another encoding after all
        if decoder is not None:
            chunk = decoder.decode(chunk, final).encode()
            chunk = chunk.removeprefix(codecs.BOM_UTF8) if first else chunk
        if final:
            chunk = chunk.removesuffix(_END)
        return chunk.replace(b"\0", BROKEN_BYTES) if b"\0" in chunk else chunk
