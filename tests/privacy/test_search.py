"""The search itself: a name is found in each spelling it may take, and nothing else is."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.privacy.search import dump, find_in_clear

from marsad.contracts.text import fold

LATIN, ARABIC = "Zqvéline Kwyxo", "ظقذفا خثضور"


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.xml", content)
    return buffer.getvalue()


WAYS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda n: n.encode(),
    "utf-16": lambda n: n.encode("utf-16"),
    "arabic windows": lambda n: n.encode("cp1256", "replace"),
    "hex": lambda n: n.encode().hex().encode(),
    "json": lambda n: json.dumps([n]).encode(),
    "url": lambda n: quote(n).encode(),
    "repr of bytes": lambda n: repr(n.encode("utf-8").hex()).encode(),
    "folded": lambda n: fold(n).encode(),
    "upper case": lambda n: n.upper().encode(),
    "gzip": lambda n: gzip.compress(n.encode() * 3),
    "zip": lambda n: zipped(n.encode() * 3),
    "zip in zip": lambda n: zipped(zipped(n.encode())),
}


@pytest.mark.parametrize("name", [LATIN, ARABIC])
@pytest.mark.parametrize("way", WAYS)
def test_a_name_is_found_in_any_spelling(tmp_path: Path, name: str, way: str):
    content = WAYS[way](name)
    if b"?" in content and way == "arabic windows":
        content = name.encode("cp1252")
    archive = way in {"gzip", "zip", "zip in zip"}
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file.bin").write_bytes(content if archive else b"\0before" + content + b"after")
    assert {hit.name for hit in find_in_clear(tmp_path, {}, [LATIN, ARABIC])} == {name}


@given(st.binary(max_size=9), st.binary(max_size=9), st.sampled_from([LATIN, ARABIC]))
def test_a_name_is_found_in_base64_whatever_stands_around_it(before: bytes, after: bytes, name: str):
    coded = base64.b64encode(before + name.encode() + after)
    assert {hit.name for hit in find_in_clear(Path("/nonexistent"), {"row": coded}, [LATIN, ARABIC])} == {name}


def test_a_name_is_found_in_the_name_of_a_file_and_in_the_database(tmp_path: Path, database: str):
    (tmp_path / f"{LATIN}.csv").write_bytes(b"")
    engine = sa.create_engine(database, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE core.leak (a jsonb, b bytea, c text[])"))
        values = {"a": json.dumps({"x": ARABIC}), "b": LATIN.encode("utf-16-le"), "c": [ARABIC]}
        connection.execute(sa.text("INSERT INTO core.leak VALUES (CAST(:a AS jsonb), :b, :c)"), values)
    hits = find_in_clear(tmp_path, dump(database), [LATIN, ARABIC])
    assert {(hit.place.split()[0], hit.name) for hit in hits} == {
        ("name", LATIN), ("core.leak", LATIN), ("core.leak", ARABIC)
    }  # fmt: skip


def test_other_names_are_not_found(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"Zqveline Kwyx" + "ظقذفا خثضو".encode())
    assert find_in_clear(tmp_path, {"row": b"nothing"}, [LATIN, ARABIC]) == []
