"""Keyed hashes: pseudonyms, fingerprints and tokens. Equal inputs meet, and without the key nobody can try values.

Each purpose and context (a provider, a feed) has a key of its own, HMAC-SHA-256(secret, purpose and context), so that
results of two contexts cannot be compared. Values are hashed as given: fold or normalise them before.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from marsad.identity.keys import HashKey

Values: TypeAlias = "Sequence[bytes | None] | pa.Array"

_BASE32 = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", np.uint8)  # RFC 4648, lower case
_SYMBOLS = 26  # 130 bits hold the 128 of a pseudonym


class KeyedHash:
    """HMAC-SHA-256 under the key of one purpose and context."""

    def __init__(self, key: HashKey, purpose: str, *context: str) -> None:
        """``purpose`` and ``context`` may hold any text; no two different lists of them share a key."""
        parts = (part.encode("utf-8") for part in (purpose, *context))
        label = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        self.key_id = key.id
        self._inner, self._outer = _started(hmac.digest(key.secret, label, "sha256"))

    def digests(self, values: Values, size: int = 16) -> list[bytes | None]:
        """The first ``size`` bytes (at most 32) of each value's hash; None for a null.

        ``values``: bytes, or an arrow array of (large) binary or string.
        """
        return [None if value is None else self._digest(value)[:size] for value in _pieces(values)]

    def _digest(self, value: bytes | memoryview) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value)
        outer.update(inner.digest())
        return outer.digest()

    def pseudonyms(self, values: Values) -> pa.StringArray:
        """``<key id>-<26 letters and digits>`` for each value (128 bits of its hash); null for a null."""
        digests = self.digests(values)
        return pa.array(_spelled(self.key_id, digests), pa.string())

    def pseudonym(self, value: bytes) -> str:
        """The pseudonym of one value."""
        return str(self.pseudonyms([value])[0].as_py())


def _started(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The two hashes of HMAC (RFC 2104) after their key blocks, to be copied: half the price of ``hmac.digest``."""
    block = key.ljust(hashlib.sha256().block_size, b"\0")
    return hashlib.sha256(block.translate(hmac.trans_36)), hashlib.sha256(block.translate(hmac.trans_5C))


def _pieces(values: Values) -> Iterable[bytes | memoryview | None]:
    return _arrow_pieces(values) if isinstance(values, pa.Array) else values


def _arrow_pieces(array: pa.Array) -> Iterator[bytes | memoryview | None]:
    """The bytes of each value without copying them."""
    wide = array.cast(pa.large_binary())  # whose offset in its buffers need not be the array's own
    _, offsets, data = wide.buffers()
    ends: list[int] = np.frombuffer(offsets, np.int64)[wide.offset : wide.offset + len(wide) + 1].tolist()
    view = memoryview(data) if data is not None else memoryview(b"")
    present: list[bool] = wide.is_valid().to_pylist()
    for index, valid in enumerate(present):
        yield view[ends[index] : ends[index + 1]] if valid else None


def _spelled(key_id: str, digests: Sequence[bytes | None]) -> list[str | None]:
    given = b"".join(digest for digest in digests if digest is not None)
    letters = iter(_letters(np.frombuffer(given, np.uint8).reshape(-1, 16)))
    return [None if digest is None else f"{key_id}-{next(letters)}" for digest in digests]


def _letters(digests: npt.NDArray[np.uint8]) -> list[str]:
    """Base 32 of many digests at once; the standard library's is ten times the price of the hash."""
    bits = np.zeros((len(digests), _SYMBOLS * 5), np.uint8)
    bits[:, :128] = np.unpackbits(digests, axis=1)
    symbols = np.packbits(bits.reshape(-1, 5), axis=1).ravel() >> 3
    text = _BASE32[symbols].tobytes().decode("ascii")
    return [text[at : at + _SYMBOLS] for at in range(0, len(text), _SYMBOLS)]
