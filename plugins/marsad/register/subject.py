"""Subject access: all that is held of one person, opened with the keys, for herself or who speaks for her."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from marsad import audit, durable
from marsad.errors import UsageFault, own_faults_only
from marsad.identity.vault import KeyRef, open_many
from marsad.intake.office import Office
from marsad.intake.rows import QUARANTINE, VAULT
from marsad.linkage import queue
from marsad.linkage.identities import person_id
from marsad.linkage.stock import Key
from marsad.register.erasure import ids_of, records_of
from marsad.warehouse.engine import clean_errors
from marsad.warehouse.model import common_model

REASONS = ("own_request", "court_order", "guardian")
FORMS = (".json", ".pdf", ".html")
_OURS = frozenset({"content_id", "item", "feed", "provider", "record_id"})


def hand_out(office: Office, person: str, reason: str, actor: str, path: Path) -> int:
    """Writes a person's whole file to ``path`` (0600), JSON, PDF or a page; returns the number of her records.

    That ``actor`` opened her is in the audit trail before the file is there.

    Raises:
        UsageFault: no such person or reason, another form of file, or there is a file already.
        PassingFault, PlatformFault: database, keys or disk.
    """
    if reason not in REASONS:
        raise UsageFault(f"'{reason}' is no reason; reasons: {', '.join(REASONS)}")
    if path.suffix not in FORMS or path.exists():
        raise UsageFault(f"choose a new file whose name ends in {' or '.join(FORMS)}")
    with own_faults_only(), clean_errors(), office.engine.begin() as connection:
        told = collect(connection, office, person_id(person))
        detail = {"reason": reason, "records": len(told["records"]), "asked": person_id(person)}
        head = audit.append(connection, actor, "subject.opened", told["person"], detail, office.clock())
    office.write_head(head)
    with own_faults_only(), durable.os_faults("writing the file of a person"):
        durable.write_whole(path, _written(told, path.suffix, office.clock()))
    return len(told["records"])


def _written(told: Mapping[str, Any], form: str, at: datetime) -> bytes:
    if form == ".pdf":
        from marsad.register.printed import pdf  # noqa: PLC0415 - fonts and shaping, for this alone

        return pdf(told, f"Marsad · {told['person']}", at)
    return (json.dumps(told, ensure_ascii=False, indent=1, default=str) if form == ".json" else page(told)).encode()


def collect(connection: sa.Connection, office: Office, person: str) -> dict[str, Any]:
    """All that is held: records with every state and identity, refused rows, the register, who looked.

    Of who went by that id before her records went to another, told under that other id.

    Raises:
        UsageFault: there is nobody of that id, or nothing is held.
    """
    ids = ids_of(connection, person)
    keys = records_of(connection, person := ids[0])
    if not keys:
        raise UsageFault(f"nothing is held of a person {person}")
    columns = queue.columns(keys)
    opened = _opened(connection, office, _VAULT, columns, VAULT)
    refused = _opened(connection, office, _REFUSED, columns, QUARANTINE)
    codes = _codes(connection, office, columns)
    return {
        "person": person,
        "made_at": office.clock().isoformat(timespec="seconds"),
        "records": [_record(key, _rows(connection, _STATED, queue.columns([key])), opened, codes) for key in keys],
        "refused": [
            {name: row[name] for name in ("feed", "provider", "row", "received_at", "said")} for row in refused
        ],
        "register": _register(connection, person),
        "looked_at": _rows(connection, _LOOKED, {"persons": ids, **columns}),
    }


def _record(
    key: Key,
    stated: Sequence[Mapping[str, Any]],
    opened: Sequence[Mapping[str, Any]],
    codes: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """One record: when it was stated, then each of its states with identity and codes."""
    states = {row["content_id"]: row["current"] for row in stated}
    return {
        **key._asdict(),
        "stated": [{name: row[name] for name in ("received_at", "file_name", "version", "current")} for row in stated],
        "states": [
            {
                "counts_now": counts,
                "identity": next((row["said"] for row in opened if row["content_id"] == content), None),
                "data": [one["data"] for one in codes if one["content_id"] == content],
            }
            for content, counts in states.items()
        ],
    }


def _opened(
    connection: sa.Connection, office: Office, query: str, values: Mapping[str, Any], context: bytes
) -> list[dict[str, Any]]:
    """Sealed rows with what they say; None where the key was destroyed."""
    rows = _rows(connection, query, values)
    refs = [KeyRef(row["delivery_id"], row["attempt"], row["key_slot"]) for row in rows]
    texts = open_many(office.keyring, refs, [row["sealed"] for row in rows], context)
    return [row | {"said": json.loads(text) if text else None} for row, text in zip(rows, texts, strict=True)]


def _codes(connection: sa.Connection, office: Office, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What core holds, entity by entity, without what is empty."""
    found = []
    for entity in common_model(office.settings.schemas / "concepts.yaml"):
        query = f"SELECT e.* FROM core.{entity} e JOIN ({_CONTENTS}) c USING (content_id) ORDER BY content_id, item"  # noqa: S608
        for row in _rows(connection, query, values):
            said = {name: value for name, value in row.items() if value is not None and name not in _OURS}
            found.append({"content_id": row["content_id"], "data": {"entity": entity, **said}})
    return found


def _register(connection: sa.Connection, person: str) -> dict[str, list[dict[str, Any]]]:
    """Every table of the register that holds rows of persons."""
    tables = connection.execute(sa.text(_TABLES)).scalars().all()
    query = "SELECT * FROM register.{table} WHERE person_id = CAST(:person AS uuid)"
    return {table: _rows(connection, query.format(table=table), {"person": person}) for table in tables}


def _rows(connection: sa.Connection, query: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(sa.text(query), values).mappings()]


def page(told: Mapping[str, Any]) -> str:
    """The same to be printed; Arabic runs from right to left wherever it stands."""
    return _PAGE.format(person=html.escape(told["person"]), body="".join(_lines(told)))


def _lines(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield "<dl>"
        for name, part in value.items():
            yield f"<dt>{html.escape(str(name))}</dt><dd dir=auto>"
            yield from _lines(part)
            yield "</dd>"
        yield "</dl>"
    elif isinstance(value, list | tuple):
        yield "<ol>"
        for part in value:
            yield "<li dir=auto>"
            yield from _lines(part)
            yield "</li>"
        yield "</ol>"
    else:
        yield html.escape("—" if value is None else str(value))


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{person}</title><style>
body {{ font: 11pt/1.4 "Noto Sans", "Noto Naskh Arabic", sans-serif; margin: 2cm; }}
dt {{ font-weight: 600; }} dd {{ margin-inline-start: 1.5em; }} li {{ margin-block: .5em; break-inside: avoid; }}
</style></head><body><h1>Marsad · {person}</h1>{body}</body></html>
"""
_HERS = f"{queue.KEYS} JOIN core.sighting k USING (provider, record_id)"
_CONTENTS = f"SELECT DISTINCT k.content_id FROM {_HERS} WHERE k.feed = i.feed"  # noqa: S608 - our own words, here and below
_STATED = f"""
    SELECT k.content_id, k.version, k.current, d.received_at, d.file_name
    FROM {_HERS} JOIN ops.delivery d USING (delivery_id) WHERE k.feed = i.feed ORDER BY d.received_at
"""  # noqa: S608
_VAULT = f"""
    SELECT v.content_id, v.delivery_id::text, v.attempt, v.key_slot, v.sealed
    FROM vault.record v JOIN ({_CONTENTS}) c USING (content_id)
"""  # noqa: S608
_REFUSED = f"""
    SELECT d.feed, d.provider, q.row, d.received_at, q.delivery_id::text, q.attempt, q.key_slot, q.sealed
    FROM quarantine.record q JOIN ops.delivery d USING (delivery_id)
    JOIN {queue.KEYS} ON (i.feed, i.provider, i.record_id) = (d.feed, d.provider, q.record_id) ORDER BY d.received_at, 3
"""  # noqa: S608
# Reviewers looked at two contents, whosever these were then.
_LOOKED = f"""
    SELECT at, actor, action, detail FROM audit.event
    WHERE object = ANY(:persons)
       OR object LIKE 'pair:%'
          AND CAST(string_to_array(substr(object, 6), '-') AS bigint[]) && ARRAY({_CONTENTS})
    ORDER BY seq
"""  # noqa: S608
_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'person_id'
    WHERE n.nspname = 'register' AND c.relkind = 'r' ORDER BY 1
"""
