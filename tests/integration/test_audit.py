"""The audit trail: whatever is done to it afterwards, verifying against signed heads finds it."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from marsad import audit
from marsad.audit import Fault, Head
from marsad.errors import PlatformFault
from marsad.identity.keys import KeyRing
from marsad.runtime.postgres import Postgres

AT = datetime(2030, 5, 17, 8, 30, 0, 123456, tzinfo=UTC)
EVENTS = 8
DETAIL = {"rows": 12, "share": 0.25, "feed": "شرطة", "nested": {"b": [1, None, True], "a": ""}}


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return KeyRing.create(tmp_path_factory.mktemp("audit") / "keys")


@pytest.fixture
def engine(database: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(database)
    yield engine
    engine.dispose()


def signed(head: Head, keyring: KeyRing, **more: Any) -> Mapping[str, Any]:
    document = {"audit_head": str(head), "seconds": 1.5, **more}
    return {**document, "signature": audit.sign(document, keyring.signer)}


def grow(connection: sa.Connection, count: int = EVENTS) -> list[Head]:
    return [
        audit.append(connection, "loader", "accepted", f"delivery {i}", {**DETAIL, "i": i}, AT + timedelta(seconds=i))
        for i in range(count)
    ]


def faults(connection: sa.Connection, keyring: KeyRing, *documents: Mapping[str, Any]) -> list[Fault]:
    return audit.verify(connection, documents, keyring.public.verifier)


@contextmanager
def undone(connection: sa.Connection) -> Iterator[None]:
    try:
        yield
    finally:
        connection.rollback()


def kinds(connection: sa.Connection, keyring: KeyRing, *documents: Mapping[str, Any]) -> set[str]:
    return {fault.kind for fault in faults(connection, keyring, *documents)}


@pytest.fixture(scope="module")
def grown(postgres: Postgres, migrated: str) -> Iterator[tuple[sa.Engine, list[Head]]]:
    """A database of this module's own with eight events; guards off, as for who owns the database."""
    with sa.create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT").connect() as server:
        server.execute(sa.text(f"CREATE DATABASE audited OWNER marsad TEMPLATE {migrated} STRATEGY file_copy"))
    engine = sa.create_engine(postgres.url(database="audited"))
    with engine.begin() as connection:
        heads = grow(connection)
        connection.execute(sa.text("ALTER TABLE audit.event DISABLE TRIGGER USER"))
    yield engine, heads
    engine.dispose()


@pytest.fixture
def chain(
    grown: tuple[sa.Engine, list[Head]], keyring: KeyRing
) -> Iterator[tuple[sa.Connection, list[Head], list[Mapping[str, Any]]]]:
    """The eight events and receipts for the third, fifth and last; what a test does to them is undone."""
    engine, heads = grown
    receipts = [signed(heads[at], keyring) for at in (2, 4, EVENTS - 1)]
    with engine.connect() as connection:
        assert faults(connection, keyring, *receipts) == []
        yield connection, heads, receipts


CHANGES = st.sampled_from(
    [
        "actor = actor || 'x'",
        "action = upper(action)",
        "object = replace(object, 'delivery', 'Delivery')",
        "at = at + interval '1 microsecond'",
        "at = 'infinity'",
        "at = '-infinity'",
        "at = at - interval '3000 years'",
        "detail = detail || '{\"rows\": 13}'",
        "detail = detail || '{\"share\": 0.2500000000000000000001}'",
        "detail = detail || '{\"rows\": 12.5e400}'",
        "detail = detail - 'feed'",
        "detail = '[]'",
        "detail = 'null'",
        "detail = detail || jsonb_build_object('i', repeat('9', 5000)::numeric)",
        "prev = sha256(prev)",
        "hash = sha256(hash)",
        "hash = ''",
        "seq = seq + 1000",
        "seq = -seq",
    ]
)


@settings(max_examples=150)
@given(change=CHANGES, seq=st.integers(1, EVENTS))
def test_any_changed_column_of_any_row_is_found(chain, keyring: KeyRing, change: str, seq: int) -> None:
    connection, _, receipts = chain
    with undone(connection):
        connection.execute(sa.text(f"UPDATE audit.event SET {change.replace(':', chr(92) + ':')} WHERE seq = {seq}"))
        assert faults(connection, keyring, *receipts)
        assert faults(connection, keyring), "found without any receipt too"


@given(removed=st.sets(st.integers(1, EVENTS), min_size=1))
def test_any_removed_rows_are_found(chain, keyring: KeyRing, removed: set[int]) -> None:
    connection, _, receipts = chain
    with undone(connection):
        connection.execute(sa.text("DELETE FROM audit.event WHERE seq = ANY(:gone)"), {"gone": list(removed)})
        assert faults(connection, keyring, *receipts)


@given(left=st.integers(0, EVENTS - 1))
def test_a_cut_tail_is_found_even_when_the_head_was_moved_back(chain, keyring: KeyRing, left: int) -> None:
    connection, heads, receipts = chain
    with undone(connection):
        connection.execute(sa.text("DELETE FROM audit.event WHERE seq > :left"), {"left": left})
        end = heads[left - 1] if left else audit.EMPTY
        connection.execute(
            sa.text("UPDATE audit.head SET seq = :seq, hash = :hash"), {"seq": end.seq, "hash": end.hash}
        )
        assert faults(connection, keyring) == [], "the chain alone cannot know"
        assert kinds(connection, keyring, *receipts) == {"cut"}


@given(order=st.permutations(range(1, EVENTS + 1)).filter(lambda order: order != sorted(order)))
def test_any_other_order_is_found(chain, keyring: KeyRing, order: list[int]) -> None:
    connection, _, receipts = chain
    with undone(connection):
        connection.execute(sa.text("UPDATE audit.event SET seq = -seq"))
        for new, old in enumerate(order, 1):
            connection.execute(sa.text("UPDATE audit.event SET seq = :new WHERE seq = :old"), {"new": new, "old": -old})
        assert {"unlinked", "changed"} <= kinds(connection, keyring, *receipts)


@given(start=st.integers(0, EVENTS - 1))
def test_a_chain_rebuilt_with_fresh_hashes_is_found(chain, keyring: KeyRing, start: int) -> None:
    """Who owns the database can compute every hash again, but sign none."""
    connection, heads, receipts = chain
    with undone(connection):
        connection.execute(sa.text("DELETE FROM audit.event WHERE seq > :start"), {"start": start})
        end = heads[start - 1] if start else audit.EMPTY
        connection.execute(
            sa.text("UPDATE audit.head SET seq = :seq, hash = :hash"), {"seq": end.seq, "hash": end.hash}
        )
        for i in range(start, EVENTS + 2):
            audit.append(connection, "loader", "accepted", f"other {i}", {}, AT)
        assert faults(connection, keyring) == []
        assert kinds(connection, keyring, *receipts) == {"rewritten"}


@pytest.mark.parametrize("place", [0, 4, EVENTS])
def test_an_inserted_row_is_found(chain, keyring: KeyRing, place: int) -> None:
    connection, _, receipts = chain
    connection.execute(sa.text("UPDATE audit.event SET seq = -seq WHERE seq > :place"), {"place": place})
    connection.execute(sa.text("UPDATE audit.event SET seq = 1 - seq WHERE seq < 0"))
    connection.execute(
        sa.text(
            "INSERT INTO audit.event SELECT :seq, at, actor, action, object, detail, prev, hash "
            "FROM audit.event ORDER BY seq LIMIT 1"
        ),
        {"seq": place + 1},
    )
    assert faults(connection, keyring, *receipts)


@pytest.mark.parametrize(
    "change",
    ["DELETE FROM audit.head", "UPDATE audit.head SET seq = seq - 1", "UPDATE audit.head SET hash = sha256(hash)"],
)
def test_a_wrong_head_row_is_found(chain, keyring: KeyRing, change: str) -> None:
    connection, _, receipts = chain
    connection.execute(sa.text(change))
    assert faults(connection, keyring, *receipts) == [Fault("head", EVENTS)]


def test_everything_gone_is_found(chain, keyring: KeyRing) -> None:
    connection, _, receipts = chain
    connection.execute(sa.text("DELETE FROM audit.event"))
    connection.execute(sa.text("DELETE FROM audit.head"))
    assert kinds(connection, keyring, *receipts) == {"head", "cut"}


def test_forged_documents_are_found(chain, keyring: KeyRing, tmp_path: Path) -> None:
    connection, heads, receipts = chain
    foreign = signed(heads[0], KeyRing.create(tmp_path / "other"))
    moved = {**receipts[2], "audit_head": str(heads[3])}
    unsigned = {"audit_head": str(heads[0])}
    headless = {"rows": 1, "signature": audit.sign({"rows": 1}, keyring.signer)}
    strange = [{**receipts[0], "signature": value} for value in (None, 5, "", "é", "AAAA", "****")]
    no_head = {"audit_head": None, "signature": audit.sign({"audit_head": None}, keyring.signer)}
    for document in (foreign, moved, unsigned, headless, no_head, {}, *strange):
        assert faults(connection, keyring, document) == [Fault("forged", 0)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abé ", max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=100)
@given(detail=st.dictionaries(st.text("xyé", max_size=3), JSON, max_size=4))
def test_no_detail_turns_into_a_false_fault(chain, keyring: KeyRing, detail: dict[str, Any]) -> None:
    connection, _, receipts = chain
    with undone(connection):
        head = audit.append(connection, "loader", "accepted", "delivery", detail, AT)
        assert faults(connection, keyring, *receipts, signed(head, keyring, detail=detail)) == []


@given(document=st.dictionaries(st.text("xyé", max_size=3), JSON, max_size=4))
def test_a_receipt_stays_genuine_through_the_database(chain, keyring: KeyRing, document: dict[str, Any]) -> None:
    connection, heads, _ = chain
    receipt = signed(heads[0], keyring, **document)
    stored = connection.execute(sa.text("SELECT CAST(:text AS jsonb)"), {"text": json.dumps(receipt)}).scalar_one()
    assert audit.is_genuine(stored, keyring.public.verifier)
    assert not audit.is_genuine({**stored, "more": 1}, keyring.public.verifier)


@pytest.mark.parametrize(
    "detail",
    [
        {"x": float("nan")},
        {"x": float("inf")},
        {1: "x"},
        {"x": "\0"},
        {"a\0": 1},
        {"x": "\ud800"},
        {"x": AT},
        {"x": {1}},
    ],
)
def test_what_jsonb_cannot_hold_is_refused_before_anything_is_written(chain, keyring: KeyRing, detail) -> None:
    connection, _, receipts = chain
    with pytest.raises(ValueError, match="jsonb|JSON"):
        audit.append(connection, "loader", "x", "y", detail, AT)
    assert faults(connection, keyring, *receipts) == []
    assert connection.execute(sa.text("SELECT count(*) FROM audit.event")).scalar_one() == EVENTS


def test_a_time_without_zone_is_refused_and_others_are_one_moment(chain, keyring: KeyRing) -> None:
    connection, _, receipts = chain
    with pytest.raises(ValueError, match="time zone"):
        audit.append(connection, "a", "b", "c", {}, AT.replace(tzinfo=None))
    head = audit.append(connection, "a", "b", "c", {}, AT.astimezone(timezone(timedelta(hours=1))))
    connection.execute(sa.text("SET LOCAL TIME ZONE 'Africa/Casablanca'"))
    assert faults(connection, keyring, *receipts) == []
    assert connection.execute(sa.text(f"SELECT at FROM audit.event WHERE seq = {head.seq}")).scalar_one() == AT


def test_many_writers_at_once_make_one_chain(engine: sa.Engine, keyring: KeyRing) -> None:
    def write(number: int) -> Head:
        with engine.begin() as connection:
            return audit.append(connection, f"writer {number}", "x", "y", {}, AT)

    with ThreadPoolExecutor(4) as pool:
        heads = list(pool.map(write, range(40)))
    assert sorted(head.seq for head in heads) == list(range(1, 41))
    with engine.connect() as connection:
        assert faults(connection, keyring, *(signed(head, keyring) for head in heads)) == []


def test_a_transaction_rolled_back_leaves_no_trace_and_no_gap(engine: sa.Engine, keyring: KeyRing) -> None:
    with engine.connect() as connection:
        lost = audit.append(connection, "loader", "lost", "y", {}, AT)
        connection.rollback()
    with engine.begin() as connection:
        kept = audit.append(connection, "loader", "kept", "y", {}, AT)
    assert kept.seq == lost.seq == 1
    with engine.connect() as connection:
        assert faults(connection, keyring, signed(kept, keyring)) == []
        assert kinds(connection, keyring, signed(lost, keyring)) == {"rewritten"}


def test_verifying_while_others_write_finds_nothing(engine: sa.Engine, keyring: KeyRing) -> None:
    with engine.begin() as connection:
        receipts = [signed(head, keyring) for head in grow(connection)]
    with engine.connect() as verifier, engine.connect() as writer:
        audit.append(writer, "loader", "not yet committed", "y", {}, AT)
        assert faults(verifier, keyring, *receipts) == []
        writer.commit()
        assert faults(verifier, keyring, *receipts) == []


def test_history_cannot_be_rewritten_by_accident(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        grow(connection, 2)
    for statement in ("UPDATE audit.event SET actor = 'x'", "DELETE FROM audit.event", "TRUNCATE audit.event"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(sa.text(statement))


def test_without_a_head_row_appending_says_so(chain) -> None:
    connection, _, _ = chain
    connection.execute(sa.text("DELETE FROM audit.head"))
    with pytest.raises(PlatformFault, match="migrated"):
        audit.append(connection, "a", "b", "c", {}, AT)


def test_the_daily_file_finds_a_cut_tail_by_itself(chain, keyring: KeyRing, tmp_path: Path) -> None:
    connection, heads, _ = chain
    for head in (heads[2], heads[7], heads[4]):  # the newest stays, whoever writes last
        path = audit.write_head_file(tmp_path / "audit", head, AT, keyring.signer)
    audit.write_head_file(tmp_path / "audit", heads[1], AT - timedelta(days=1), keyring.signer)
    assert path == tmp_path / "audit" / "2030-05-17.head"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    documents = audit.read_head_files(tmp_path / "audit")
    assert [document["audit_head"] for document in documents] == [str(heads[1]), str(heads[7])]
    assert faults(connection, keyring, *documents) == []
    connection.execute(sa.text("DELETE FROM audit.event WHERE seq = 8"))
    connection.execute(sa.text("UPDATE audit.head SET seq = 7, hash = :hash"), {"hash": heads[6].hash})
    assert faults(connection, keyring, *documents) == [Fault("cut", 8)]


@pytest.mark.parametrize("content", [b"", b"junk", b"[]", b'{"audit_head": 5}'])
def test_a_damaged_daily_file_is_found_and_written_anew(
    chain, keyring: KeyRing, tmp_path: Path, content: bytes
) -> None:
    connection, heads, _ = chain
    path = audit.write_head_file(tmp_path, heads[0], AT, keyring.signer)
    path.write_bytes(content)
    assert faults(connection, keyring, *audit.read_head_files(tmp_path)) == [Fault("forged", 0)]
    audit.write_head_file(tmp_path, heads[1], AT, keyring.signer)
    assert faults(connection, keyring, *audit.read_head_files(tmp_path)) == []


@pytest.mark.parametrize("text", ["", "5", ":", "x:" + "0" * 64, "1:" + "g" * 64, "1:ab", "-1:" + "0" * 64])
def test_only_a_head_reads_as_a_head(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - bytes.fromhex has words of its own
        Head.parse(text)
    assert Head.parse(str(Head(5, b"\1" * 32))) == Head(5, b"\1" * 32)
