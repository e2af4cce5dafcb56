"""Keyed hashes: equal values meet, contexts do not, and without the key nothing can be tried."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marsad.identity.keys import HashKey
from marsad.identity.pseudonyms import KeyedHash

KEY = HashKey("p1", bytes(range(32)))
OTHER = HashKey("p2", bytes(32))
VALUES = st.lists(st.one_of(st.none(), st.binary(max_size=40)), max_size=30)


def hasher(key: HashKey = KEY, *context: str) -> KeyedHash:
    return KeyedHash(key, "record key", *(context or ("police/victims", "DGSN")))


@given(values=VALUES)
def test_digests_are_hmac_sha_256(values: list[bytes | None]) -> None:
    label = b"".join(len(part).to_bytes(4, "big") + part for part in (b"record key", b"police/victims", b"DGSN"))
    key = hmac.new(KEY.secret, label, hashlib.sha256).digest()
    expected = [None if value is None else hmac.new(key, value, hashlib.sha256).digest() for value in values]
    assert hasher().digests(values, 32) == expected
    assert hasher().digests(values) == [None if digest is None else digest[:16] for digest in expected]


@given(values=VALUES)
def test_pseudonyms_are_base_32_of_the_digest_with_the_keys_id(values: list[bytes | None]) -> None:
    expected = [
        None if digest is None else "p1-" + base64.b32encode(digest).decode().rstrip("=").lower()
        for digest in hasher().digests(values)
    ]
    assert hasher().pseudonyms(values).to_pylist() == expected
    assert all(re.fullmatch(r"p1-[a-z2-7]{26}", text) for text in expected if text is not None)


@pytest.mark.parametrize("type_", [pa.binary(), pa.large_binary(), pa.string(), pa.large_string()])
@given(values=st.lists(st.one_of(st.none(), st.text(max_size=20).map(str.encode)), max_size=20), cut=st.integers(0, 20))
def test_arrow_arrays_and_slices_hash_as_their_bytes(type_: pa.DataType, values: list[bytes | None], cut: int) -> None:
    array = pa.array(values, pa.binary()).cast(type_)
    assert hasher().digests(array[cut:]) == hasher().digests(values[cut:])


def test_the_same_value_under_another_key_purpose_or_context_differs() -> None:
    hashers = [
        hasher(),
        hasher(OTHER),
        hasher(KEY, "police/victims", "GR"),
        hasher(KEY, "police/suspects", "DGSN"),
        KeyedHash(KEY, "fingerprint", "police/victims", "DGSN"),
        hasher(KEY, "police/victimsD", "GSN"),
        hasher(KEY, "police/victims"),
        hasher(KEY, "police/victims", "DGSN", ""),
    ]
    assert len({one.digests([b"AB123456"])[0] for one in hashers}) == len(hashers)


def test_a_pseudonym_is_stable_over_releases() -> None:
    """Stored pseudonyms must meet those of next year's deliveries: this value may never change."""
    assert hasher().pseudonym(b"AB123456") == hasher().pseudonyms(pa.array(["AB123456"]))[0].as_py()
    assert hasher().pseudonym(b"AB123456") == "p1-rdzmqozybhhorr7drybc245hwm"


def test_many_values_do_not_collide() -> None:
    values = [b"%d" % i for i in range(20_000)]
    assert len(set(hasher().pseudonyms(values).to_pylist())) == len(values)
