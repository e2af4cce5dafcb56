"""Values out of a JSON text that comes in chunks: bounded memory, strict syntax, numbers as they were written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from marsad.errors import ProviderFault
from marsad.intake.reading.limits import MAX_RECORD_BYTES

_SPACE = re.compile(r"[ \t\r\n]*")
_DIGITS = 4_000
"""Python refuses to print longer integers; no register has them."""


class Decimal(float):
    """A number that remembers how it was written: ``1.0`` and ``1e3`` stay what the sender typed."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Decimal:
        """The number written so."""
        number = cls(text)
        number.text = text
        return number


class Repeated(list[object]):
    """What a name holds that stands in one object several times, so that nothing is lost."""


def keep_all(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object; what a repeated name holds is kept as ``Repeated``."""
    found: dict[str, object] = {}
    for name, value in pairs:
        known = found.get(name)
        if isinstance(known, Repeated):
            known.append(value)
        else:
            found[name] = Repeated((known, value)) if name in found else value
    return found


def _integer(text: str) -> int | str:
    return int(text) if len(text) < _DIGITS else text


def _no_number(_: str) -> NoReturn:
    raise json.JSONDecodeError("NaN and Infinity are no JSON", "", 0)


_DECODER = json.JSONDecoder(
    parse_float=Decimal.parse, parse_int=_integer, parse_constant=_no_number, object_pairs_hook=keep_all
)


@dataclass(slots=True)
class Scanner:
    """Values out of a text that comes in chunks; what was used is forgotten."""

    chunks: Iterator[str]
    text: str = ""
    at: int = 0
    records: int = 0
    newline: bool = False

    def peek(self) -> str:
        """The next character that is not white space, ``""`` at the end."""
        while True:
            end = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
            self.newline |= "\n" in self.text[self.at : end]
            self.at = end
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._more():
                return ""

    def take(self, char: str) -> None:
        """Go past ``char``, or find the document broken."""
        if self.peek() != char:
            self.broken()
        self.at += 1
        self.newline = False

    def value(self) -> object:
        """The next value, whole."""
        self.peek()
        while True:
            end, value = self._decoded()
            if end is None and not self._more():
                self.broken()
            if end is not None and (end < len(self.text) or not self._more()):  # else a number may go on
                self.at, self.newline = end, False
                return value

    def _decoded(self) -> tuple[int | None, object]:
        """Where the next value ends, and the value; None if there is none so far (the error would hold the text)."""
        try:
            value, end = _DECODER.raw_decode(self.text, self.at)
        except (json.JSONDecodeError, RecursionError):
            return None, None
        return end, value

    def next_line(self) -> bool:
        """True when another value begins on a later line; two values on one line are no JSON Lines."""
        if not self.peek():
            return False
        if not self.newline:
            self.broken()
        return True

    def broken(self) -> NoReturn:
        """Raise ProviderFault: no JSON at this place."""
        raise ProviderFault("file.json_broken", row=self.records + 1)

    def _more(self) -> bool:
        if len(self.text) - self.at > MAX_RECORD_BYTES:
            raise ProviderFault("file.line_too_long", limit=MAX_RECORD_BYTES >> 20, row=self.records + 1)
        chunk = next(self.chunks, None)
        if chunk is None:
            return False
        self.text, self.at = self.text[self.at :] + chunk, 0
        return True
