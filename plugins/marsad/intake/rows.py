"""From normalised blocks to staged rows: who a record is, which revision it states, what of it goes to the vault."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from marsad.contracts.model import Column, Contract, Source
from marsad.identity.keys import KeyRing
from marsad.identity.pseudonyms import KeyedHash
from marsad.identity.vault import Sealer
from marsad.intake.blocks import NormalBlock, RawBlock, State
from marsad.intake.doubtful import doubtful_keys
from marsad.intake.naming import found_in
from marsad.intake.normalise import row_bytes
from marsad.intake.repeats import Mask, Met
from marsad.intake.stage import DERIVED, staged_columns
from marsad.quality.withdrawals import withdrawing

VAULT, QUARANTINE = b"vault", b"quarantine"
SEALED = ("slot", "sealed")
UNKNOWN_PERIOD = "unknown"
_as_json = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder a row
_NEXT_MEMBER = ", "  # of a JSON object, as Python writes it
_DIGITS = 20  # width of a version number as text, so that order of text is order of numbers
_WITHOUT_VALUE = (State.UNPARSED, State.UNMAPPED, State.PLACEHOLDER, State.FUTURE)
_LONGEST = 200  # characters of an id, version or period: three of them must fit an index entry of PostgreSQL
_GRAINS = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a row may take from its file rather than from a column."""

    name: str
    received_at: datetime


class RowKeys:
    """Record id, version, period and fingerprint of each row of a block."""

    def __init__(self, contract: Contract, provider: str, facts: FileFacts, keyring: KeyRing) -> None:
        self._contract = contract
        self._facts = facts
        self._pseudonyms = KeyedHash(keyring.pseudonym_key, "record", contract.feed, provider)
        self._rows = KeyedHash(keyring.fingerprint_key, "row", contract.feed, provider)
        self._contents = KeyedHash(keyring.fingerprint_key, "content", contract.feed, provider, _places(contract))
        revision = contract.revision.value if contract.revision.kind == "column" else None
        apart = {revision, contract.justification}  # a reason given later does not change what it is given for
        self._content = [column.name for column in contract.columns if column.name not in apart]

    def fingerprints(self, block: NormalBlock) -> list[bytes | None]:
        """16 bytes a row over all columns but version and justification: equal content, equal fingerprint.

        Where the contract says that columns go is part of it: after that changed, rows judged again are written anew.
        """
        return self._contents.digests(row_bytes(block, self._content))

    def record_ids(self, block: NormalBlock) -> pa.Array:
        """The key's text; parts joined by ``|``; a pseudonym for an identity; a hash of the row without a key."""
        if not self._contract.key:
            digests = self._rows.digests(row_bytes(block, self._content))
            return pa.array([None if d is None else d.hex() for d in digests], pa.string())
        return self._bounded(self._joined_key(block))

    def _bounded(self, ids: pa.Array) -> pa.Array:
        """A key longer than any register's (a slipped cell, most likely) becomes its pseudonym."""
        long = pc.greater(pc.utf8_length(ids), _LONGEST)
        return pc.if_else(long, self._pseudonyms.pseudonyms(ids), ids) if pc.any(long).as_py() else ids

    def _joined_key(self, block: NormalBlock) -> pa.Array:
        parts = [self._key_part(block, column) for column in self._contract.key]
        if len(parts) == 1:
            return parts[0]
        escaped = [pc.replace_substring(pc.replace_substring(p, "\\", "\\\\"), "|", "\\|") for p in parts]
        return pc.binary_join_element_wise(*escaped, "|")

    def _key_part(self, block: NormalBlock, column: Column) -> pa.Array:
        text = as_text(block.values[column.name])
        return self._pseudonyms.pseudonyms(text) if column.vaulted else text

    def versions(self, block: NormalBlock) -> pa.Array:
        """Text whose order is the order of revisions; empty where a row states none."""
        source = self._contract.revision
        if source.kind == "column":
            return pc.fill_null(_sortable(block.values[source.value]), "")
        return _constant(self.file_version, len(block))

    @property
    def file_version(self) -> str:
        """The version that the file as a whole states: its name's, else the moment it came."""
        source = self._contract.revision
        if source.kind == "file_name":
            found = self._from_name(source)
            return found.zfill(_DIGITS) if found.isdigit() else found
        return self._facts.received_at.astimezone(UTC).isoformat(timespec="microseconds")

    def periods(self, block: NormalBlock) -> pa.Array:
        """The period of each row in the contract's grain, ``unknown`` where it states none."""
        source = self._contract.period
        if source.kind == "column":
            return pc.fill_null(_period(block.values[source.value], source.grain), UNKNOWN_PERIOD)
        if source.kind == "file_name":
            return _constant(self._from_name(source) or UNKNOWN_PERIOD, len(block))
        moment = pa.array([self._facts.received_at.date()], pa.date32())
        return _constant(_period(moment, source.grain)[0].as_py(), len(block))

    def _from_name(self, source: Source) -> str:
        return found_in(source, self._facts.name)


def _places(contract: Contract) -> str:
    """Which column goes where: fields, vault or core, what is derived, on which conditions."""
    columns = [(c.name, c.privacy, c.bindings) for c in contract.columns if c.bindings]
    constants = sorted(contract.constants.items(), key=repr)
    conditions = [(entity, c.column, sorted(c.values)) for entity, c in sorted(contract.conditions.items())]
    return repr((columns, constants, conditions, contract.age))


def as_text(values: pa.Array) -> pa.Array:
    """Any normalised array as text: ISO dates, plain numbers, codes of a multi-valued cell joined by ``;``."""
    if pa.types.is_list(values.type):
        return pc.binary_join(values, ";")
    return values.cast(pa.string())


def _sortable(values: pa.Array) -> pa.Array:
    text = as_text(values)
    return pc.utf8_lpad(text, _DIGITS, "0") if pa.types.is_integer(values.type) else _cut(text)


def _cut(text: pa.Array) -> pa.Array:
    return pc.utf8_slice_codeunits(text, 0, _LONGEST)


def _period(values: pa.Array, grain: str) -> pa.Array:
    if not pa.types.is_temporal(values.type):
        return _cut(values.cast(pa.string()))
    if grain == "quarter":
        year, quarter = pc.year(values).cast(pa.string()), pc.quarter(values).cast(pa.string())
        return pc.binary_join_element_wise(year, quarter, "-Q")
    return pc.strftime(values, _GRAINS[grain])


def _constant(text: str, length: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), length)


class Staging:
    """Makes the blocks of one delivery ready for ``Stage.copy``, in their order; seals only if there is a sealer."""

    def __init__(self, contract: Contract, keys: RowKeys, sealer: Sealer | None, header: Sequence[str]) -> None:
        self._contract = contract
        self._keys = keys
        self._sealer = sealer
        self._header = header
        self._met = Met()

    def table(self, block: NormalBlock, refused: Mask) -> pa.Table:
        """The block as ``Stage.copy`` takes it."""
        ids = self._keys.record_ids(block)
        later = self._met.again(ids, refused)
        columns = {
            "row": pa.array(block.raw.rows),
            "sheet": _constant(block.raw.sheet, len(block)) if block.raw.sheet else pa.nulls(len(block), pa.string()),
            "record_id": _nameable(ids, doubtful_keys(self._contract, block, refused)),
            "version": self._keys.versions(block),
            "period": self._keys.periods(block),
            "fingerprint": _bytea(self._keys.fingerprints(block)),
            "withdraws": pa.array(withdrawing(self._contract, block)),
            "refused": pa.array(refused),
            "later": pa.array(later),
            **self._sealed(block, refused, later),
        }
        for column in staged_columns(self._contract):
            columns[column.name] = _copyable(block.values[column.name])
        if self._contract.age:
            columns |= {name: block.values[name] for name in DERIVED}
        return pa.table(columns)

    def _sealed(self, block: NormalBlock, refused: Mask, later: Mask) -> dict[str, pa.Array]:
        """What is sealed of each row: good ones for the vault, refused ones as sent for the quarantine.

        Rows that may still be refused, as repeats, are sealed in both ways: to read the file again costs far more.
        """
        if self._sealer is None:
            return {}
        bad = pa.array(refused)
        vault = pc.if_else(bad, pa.scalar(None, pa.binary()), vault_payloads(self._contract, block))
        slots, ciphers = seal_rows(vault, self._sealer, VAULT)
        sealed: dict[str, pa.Array] = {}
        if refused.any() or later.any():
            raw = seal_rows(raw_payloads(block.raw, self._header, refused | later), self._sealer, QUARANTINE)
            slots, ciphers = pc.if_else(bad, raw[0], slots), pc.if_else(bad, raw[1], ciphers)
            if later.any():
                sealed = {f"late_{name}": pc.if_else(bad, None, part) for name, part in zip(SEALED, raw, strict=True)}
        return dict(zip(SEALED, (slots, ciphers), strict=True)) | sealed


def _bytea(digests: Sequence[bytes | None]) -> pa.StringArray:
    """Bytes as COPY spells them."""
    return pa.array([None if digest is None else f"\\x{digest.hex()}" for digest in digests], pa.string())


def _nameable(ids: pa.Array, doubtful: Mask) -> pa.Array:
    return pc.if_else(pa.array(doubtful), pa.scalar(None, pa.string()), ids) if doubtful.any() else ids


def _copyable(values: pa.Array) -> pa.Array:
    if pa.types.is_list(values.type):  # codes hold no comma, quote or brace
        return pc.binary_join_element_wise("{", pc.binary_join(values, ","), "}", "")
    return values


def seal_rows(payloads: pa.BinaryArray, sealer: Sealer, context: bytes) -> tuple[pa.Array, pa.Array]:
    """Slot and ciphertext (as COPY spells it) of each row, each under its own key; null where there is nothing."""
    filled = payloads.is_valid()
    first, present = sealer.next_slot, payloads.drop_null().to_pylist()
    slots = pa.array(range(first, first + len(present)), pa.int32())
    return _at(filled, slots), _at(filled, _bytea(sealer.seal(present, context)))


def _at(filled: pa.BooleanArray, values: pa.Array) -> pa.Array:
    """The values in the places that are filled, null elsewhere."""
    return pc.replace_with_mask(pa.nulls(len(filled), values.type), filled, values)


def vault_payloads(contract: Contract, block: NormalBlock) -> pa.BinaryArray:
    """What of each row belongs in the vault, as JSON by column name; null where there is nothing.

    That is: identity, free text and unclassified columns, columns the contract does not know (by their header), and
    any cell that was not understood, as it was written.
    """
    members = [
        pc.binary_join_element_wise(f"{_as_json(name)}: ", _json_texts(cells), _NEXT_MEMBER, "")
        for name, cells in _vaulted_cells(contract, block)
    ]
    if not members:
        return pa.nulls(len(block), pa.binary())
    # Not null_handling="skip": Arrow 26 leaves out rows where all is null.
    joined = pc.binary_join_element_wise(*members, "", null_handling="replace", null_replacement="")
    filled = pc.if_else(pc.equal(joined, ""), None, pc.ascii_rtrim(joined, _NEXT_MEMBER))
    documents = pc.binary_join_element_wise("{", filled, "}", "")
    return documents.cast(pa.binary())


def _vaulted_cells(contract: Contract, block: NormalBlock) -> Iterator[tuple[str, pa.StringArray]]:
    for column in contract.columns:
        place = block.matched.get(column.name)
        if place is None:
            continue
        sent, lost = block.raw.cells[place].combine_chunks(), _without_value(block, column.name)
        if column.vaulted:
            yield column.name, pc.if_else(lost, sent, as_text(block.values[column.name]))
        elif lost.any():
            yield column.name, pc.if_else(lost, sent, pa.scalar(None, pa.string()))
    for place, header in block.unknown.items():
        again = list(block.unknown.values()).count(header) > 1 or header in block.values
        name = f"{header} ({int(place[1:]) + 1})" if again else header
        yield name, block.raw.cells[place].combine_chunks()


def _without_value(block: NormalBlock, name: str) -> Mask:
    """Where a cell says something and gave no value, a bare year of a birth date too: what it says must not be lost."""
    states, missing = block.states[name], np.asarray(block.values[name].is_null())
    found: Mask = np.isin(states, _WITHOUT_VALUE) | (missing & np.isin(states, (State.OK, State.REPAIRED)))
    return found


def _json_texts(cells: pa.StringArray) -> pa.StringArray:
    """The cells as JSON strings, null where there is nothing; found for whole columns at once."""
    filled = pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)
    if pc.any(pc.match_substring_regex(filled, "[\\x00-\\x1f]")).as_py():
        return pa.array([None if text is None else _as_json(text) for text in filled.to_pylist()], pa.string())
    escaped = pc.replace_substring(pc.replace_substring(filled, "\\", "\\\\"), '"', '\\"')
    return pc.binary_join_element_wise('"', escaped, '"', "")


def raw_payloads(raw: RawBlock, header: Sequence[str], chosen: Mask) -> pa.BinaryArray:
    """Chosen rows as sent, as JSON by header (a repeated one gets its number), for the quarantine; null elsewhere."""
    names = [f"{text} ({place + 1})" if header.index(text) != place else text for place, text in enumerate(header)]
    names += [f"({place + 1})" for place in range(len(header), raw.cells.num_columns)]
    rows = raw.cells.filter(pa.array(chosen)).to_pylist()
    texts = [_as_json(dict(zip(names, row.values(), strict=True))).encode() for row in rows]
    return _at(pa.array(chosen), pa.array(texts, pa.binary()))
