"""The audit trail: an append-only chain of hashes, and signed documents that say how far it went.

Each row holds the hash of the one before, so a change in the middle shows. Who may write the whole database could
rebuild the chain or cut its tail; receipts and a daily file outside the database therefore carry the chain's head,
signed, and ``verify`` holds the chain against them (docs/threat-model.md).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol

import sqlalchemy as sa

from marsad import durable
from marsad.errors import PlatformFault

SIGNATURE = "signature"
AUDIT_HEAD = "audit_head"
_HEX_DIGITS = 2 * hashlib.sha256().digest_size

_LOCK_HEAD = sa.text("SELECT seq, hash FROM audit.head FOR UPDATE")
_INSERT = sa.text(
    "INSERT INTO audit.event (seq, at, actor, action, object, detail, prev, hash) "
    "VALUES (:seq, :at, :actor, :action, :object, CAST(:detail AS jsonb), :prev, :hash)"
)
_MOVE_HEAD = sa.text("UPDATE audit.head SET seq = :seq, hash = :hash")
# One statement is one snapshot; FULL JOIN keeps a head without events and events without a head. Time and detail come
# as text, so that a row forged to hold what Python cannot (infinity, a number of 5,000 digits) is a fault, not a crash.
_CHAIN = sa.text(
    """SELECT e.seq, e.actor, e.action, e.object, CAST(e.detail AS text) AS detail, e.prev, e.hash,
        to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\\:MI\\:SS.US+00\\:00') AS at,
        h.seq AS head_seq, h.hash AS head_hash
    FROM audit.event e FULL JOIN audit.head h ON true ORDER BY e.seq"""
)


class Signer(Protocol):
    """What signs receipts and heads."""

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data``."""
        ...


class Verifier(Protocol):
    """What checks signatures, with the public key only."""

    def verify(self, data: bytes, signature: bytes) -> bool:
        """True when ``signature`` is the platform's own of ``data``."""
        ...


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: number of events and hash of the last one. ``str(head)`` is ``seq:hash`` in hex."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """The head that ``str(head)`` wrote.

        Raises:
            ValueError: ``text`` is no head.
        """
        seq, _, digest = text.partition(":")
        if not (seq.isascii() and seq.isdigit() and len(digest) == _HEX_DIGITS):
            raise ValueError("not an audit head")
        return cls(int(seq), bytes.fromhex(digest))


EMPTY = Head(0, b"")  # what the single row of audit.head starts as

FaultKind = Literal["changed", "unlinked", "missing", "head", "cut", "rewritten", "forged"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the trail, at event ``seq`` (0: as a whole).

    ``changed``: the row is not what was hashed. ``unlinked``: it does not follow the row before. ``missing``: rows
    before it are gone. ``head``: the head row tells of another end. ``cut``: a signed document knows more events than
    there are. ``rewritten``: a signed document knows another event under this number. ``forged``: a document's
    signature is not ours, or it names no head.
    """

    kind: FaultKind
    seq: int


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one spelling of a JSON document, the same before and after a trip through ``jsonb``.

    Keys in order, no spaces, UTF-8, whole floats as integers.

    Raises:
        ValueError: a key is no text, a number is not finite, a text is not storable, or a value is no JSON.
    """
    try:
        text = json.dumps(_plain(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode("utf-8")
    except (TypeError, UnicodeEncodeError):
        raise ValueError("the document is not plain JSON") from None


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {_text(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and value.is_integer():
        return int(Decimal(repr(value)))  # the digits that jsonb keeps, not those of the binary number
    return _text(value) if isinstance(value, str) else value


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("not a text that jsonb can hold")
    return value


def sign(document: Mapping[str, Any], signer: Signer) -> str:
    """Signature (base64) over all of ``document`` but its own ``signature`` entry: of a receipt, of a head file."""
    return base64.b64encode(signer.sign(_signed_part(document))).decode("ascii")


def is_genuine(document: Mapping[str, Any], verifier: Verifier) -> bool:
    """True when the ``signature`` entry of ``document`` is ours and nothing else in it changed since."""
    try:
        signature = base64.b64decode(document[SIGNATURE], validate=True)
        return verifier.verify(_signed_part(document), signature)
    except (KeyError, TypeError, ValueError, binascii.Error):
        return False


def _signed_part(document: Mapping[str, Any]) -> bytes:
    return canonical({key: value for key, value in document.items() if key != SIGNATURE})


def append(
    connection: sa.Connection, actor: str, action: str, object: str, detail: Mapping[str, Any], at: datetime
) -> Head:
    """Adds one event within the caller's transaction and gives the new head.

    Takes the lock of the chain until that transaction ends: call it last, so that nobody waits for work. ``object``
    and ``detail`` name ids, rules and counts, never a value of a person. ``at`` has a time zone.

    Raises:
        PlatformFault: the database was never migrated.
        ValueError: ``detail`` is no plain JSON, or ``at`` has no time zone.
    """
    locked = connection.execute(_LOCK_HEAD).one_or_none()
    if locked is None:
        raise PlatformFault("the audit chain has no head row: the warehouse was not migrated")
    last = Head(locked.seq, bytes(locked.hash))
    event = {"seq": last.seq + 1, "at": _moment(at), "actor": actor, "action": action, "object": object}
    head = Head(last.seq + 1, _digest(last.hash, {**event, "detail": detail}))
    stored = {**event, "detail": canonical(detail).decode("utf-8"), "prev": last.hash, "hash": head.hash}
    connection.execute(_INSERT, stored)
    connection.execute(_MOVE_HEAD, {"seq": head.seq, "hash": head.hash})
    return head


def _moment(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("the time of an audit event needs a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _digest(prev: bytes, event: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(prev + canonical(event)).digest()


def verify(connection: sa.Connection, documents: Iterable[Mapping[str, Any]], verifier: Verifier) -> list[Fault]:
    """Every fault of the chain, held against signed ``documents`` (receipts, head files); none means it is whole.

    The documents are read before the chain, so a running platform shows no false faults.
    """
    faults: list[Fault] = []
    known = _known_heads(documents, verifier, faults)
    rows = connection.execute(_CHAIN, execution_options={"yield_per": 2_000})
    end = _walk(rows, known, faults)
    faults.extend(Fault("cut", seq) for seq in sorted(known) if seq > end)
    return faults


def _known_heads(
    documents: Iterable[Mapping[str, Any]], verifier: Verifier, faults: list[Fault]
) -> dict[int, set[bytes]]:
    known: dict[int, set[bytes]] = {}
    for document in documents:
        head = _genuine_head(document, verifier)
        if head is None:
            faults.append(Fault("forged", 0))
        else:
            known.setdefault(head.seq, set()).add(head.hash)
    return known


def _genuine_head(document: Mapping[str, Any], verifier: Verifier) -> Head | None:
    if not is_genuine(document, verifier):
        return None
    try:
        return Head.parse(document[AUDIT_HEAD])
    except (KeyError, AttributeError, ValueError):
        return None


def _walk(rows: Iterable[sa.Row[Any]], known: Mapping[int, set[bytes]], faults: list[Fault]) -> int:
    """Follows the chain, adds to ``faults``, gives the number of its last event."""
    last, row = EMPTY, None
    for row in rows:
        if row.seq is None:
            break
        faults.extend(Fault(kind, row.seq) for kind in _row_faults(row, last))
        last = Head(row.seq, bytes(row.hash))
        if known.get(last.seq, {last.hash}) != {last.hash}:
            faults.append(Fault("rewritten", last.seq))
    if row is None or row.head_seq is None or Head(row.head_seq, bytes(row.head_hash)) != last:
        faults.append(Fault("head", last.seq))
    return last.seq


def _row_faults(row: sa.Row[Any], last: Head) -> Iterator[FaultKind]:
    if row.seq != last.seq + 1:
        yield "missing"
    if bytes(row.prev) != last.hash:
        yield "unlinked"
    if _digest_again(row) != bytes(row.hash):
        yield "changed"


def _digest_again(row: sa.Row[Any]) -> bytes | None:
    event = {"seq": row.seq, "at": row.at, "actor": row.actor, "action": row.action, "object": row.object}
    try:
        detail = json.loads(row.detail, parse_float=_stored_float)
        return _digest(bytes(row.prev), {**event, "detail": detail})
    except (ValueError, RecursionError):  # beyond what append lets through
        return None


def _stored_float(text: str) -> float:
    """A number as ``canonical`` spells it: one that differs beyond a double's precision was changed by hand."""
    value = float(text)
    if value.is_integer() or Decimal(text) != Decimal(repr(value)):
        raise ValueError("not a number that append wrote")
    return value


def write_head_file(folder: Path, head: Head, at: datetime, signer: Signer) -> Path:
    """Puts the signed ``head`` into ``folder/<date>.head`` unless the file already knows a later one.

    Call it after the commit: a head that was rolled back would look like a cut tail. The date is that of UTC.

    Raises:
        PassingFault, PlatformFault: the file cannot be written.
    """
    moment = at.astimezone(UTC)
    path = folder / f"{moment:%Y-%m-%d}.head"
    document = {AUDIT_HEAD: str(head), "at": moment.isoformat(timespec="seconds")}
    content = canonical({**document, SIGNATURE: sign(document, signer)})
    with durable.os_faults("writing the audit head"):
        durable.private_folder(folder)
        with durable.locked(folder / ".lock"):
            if not _knows_later(path, head):
                durable.write_whole(path, content + b"\n")
    return path


def _knows_later(path: Path, head: Head) -> bool:
    try:
        return Head.parse(_read_head_file(path)[AUDIT_HEAD]).seq > head.seq
    except (FileNotFoundError, KeyError, AttributeError, ValueError):
        return False


def read_head_files(folder: Path) -> list[Mapping[str, Any]]:
    """The signed documents of all head files, oldest first; one that is no JSON comes as an empty document."""
    with durable.os_faults("reading the audit heads"):
        return [_read_head_file(path) for path in sorted(folder.glob("*.head"))]


def _read_head_file(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
