"""How the process that reads untrusted files talks to ours: framed JSON over a socket, blocks in sealed memory."""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import socket
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from marsad.intake.blocks import RawBlock

JSON, BLOCK, PICKLE, TAKEN = b"J", b"B", b"P", b"T"
MAX_FRAME = 1 << 30
"""Nothing that is sent comes near it: what claims more is not ours."""

_HEAD = struct.Struct("<cQ")
_SENT = ("schema", "record batch")
_HEADER, _COMPRESSION = 2, 3  # of the tables Message and RecordBatch, numbers of fields
_OFFSET, _BACK, _SHORT = struct.Struct("<I"), struct.Struct("<i"), struct.Struct("<H")
_ROWS, _SHAPES = "row", "shape"
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class Torn(Exception):
    """The other side ended, or sent what no side of ours sends."""


def send_json(to: socket.socket, document: Mapping[str, Any]) -> None:
    """One JSON document."""
    send(to, JSON, json.dumps(document).encode())


def send(to: socket.socket, kind: bytes, content: bytes) -> None:
    """One frame."""
    to.sendall(_HEAD.pack(kind, len(content)) + content)


def send_block(to: socket.socket, block: RawBlock) -> None:
    """One block of rows, as an Arrow stream in memory that nobody can change any more: sent without a copy."""
    table = block.cells.append_column(_ROWS, pa.array(block.rows)).append_column(_SHAPES, pa.array(block.shapes))
    memory = os.memfd_create("block", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with pa.OSFile(f"/proc/self/fd/{memory}", "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, _SEALS)
        socket.send_fds(to, [_HEAD.pack(BLOCK, os.fstat(memory).st_size)], [memory])
    finally:
        os.close(memory)


def receive(source: socket.socket) -> tuple[bytes, pa.Buffer]:
    """The kind and content of the next frame. Raises Torn."""
    head, descriptors, _, _ = socket.recv_fds(source, _HEAD.size, 1)
    try:
        while 0 < len(head) < _HEAD.size:
            head += source.recv(_HEAD.size - len(head)) or _torn()
        kind, size = _HEAD.unpack(head or _torn())
        if size > MAX_FRAME or (kind == BLOCK) != bool(descriptors):
            raise Torn
        return kind, _mapped(descriptors[0], size) if descriptors else _exactly(source, size)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _torn() -> bytes:
    raise Torn


def _mapped(memory: int, size: int) -> pa.Buffer:
    """The memory behind a descriptor, if it is sealed: then it cannot change between checks and use."""
    try:
        if fcntl.fcntl(memory, fcntl.F_GET_SEALS) & _SEALS != _SEALS or os.fstat(memory).st_size != size:
            raise Torn
        return pa.py_buffer(mmap.mmap(memory, size, prot=mmap.PROT_READ))
    except (OSError, ValueError):
        raise Torn from None


def document_of(content: pa.Buffer) -> dict[str, Any]:
    """The JSON document of a frame. Raises Torn."""
    try:
        found = json.loads(content.to_pybytes())
    except ValueError:
        raise Torn from None
    if not isinstance(found, dict):
        raise Torn
    return found


def block_of(content: pa.Buffer, sheet: str | None) -> RawBlock:
    """The block of a frame; its bytes are checked, since whoever sent them read a stranger's file. Raises Torn."""
    try:
        _refuse_compressed(content)
        table = pa.ipc.open_stream(content).read_all()
        table.validate(full=True)
        rows, shapes = table.column(_ROWS).to_numpy(), table.column(_SHAPES).to_numpy()
    except (pa.ArrowException, KeyError, struct.error):
        raise Torn from None
    cells = table.select(range(table.num_columns - 2))
    if rows.dtype != np.int64 or shapes.dtype != np.uint8 or any(kind != pa.string() for kind in cells.schema.types):
        raise Torn
    return RawBlock(sheet, cells, rows, shapes)


def _refuse_compressed(content: pa.Buffer) -> None:
    """Ours are never compressed; unpacked, a frame could be a thousand times what ``MAX_FRAME`` lets in."""
    for message in pa.ipc.MessageReader.open_stream(content):
        if message.metadata_version != pa.ipc.MetadataVersion.V5 or message.type not in _SENT:
            raise Torn
        if message.type == _SENT[1] and _compressed(message.metadata):
            raise Torn


def _compressed(metadata: pa.Buffer) -> bool:
    """Whether the message of a record batch names a compression (Arrow's Message.fbs); pyarrow does not tell."""
    (message,) = _OFFSET.unpack_from(metadata, 0)
    header = _field(metadata, message, _HEADER)
    batch = header + _OFFSET.unpack_from(metadata, header)[0]
    return _field(metadata, batch, _COMPRESSION) > 0


def _field(metadata: pa.Buffer, table: int, number: int) -> int:
    """Where a field of a table stands in a flatbuffer; 0 of one that is left out."""
    layout = table - _BACK.unpack_from(metadata, table)[0]
    place = _SHORT.size * (2 + number)
    if place >= _SHORT.unpack_from(metadata, layout)[0]:
        return 0
    (offset,) = _SHORT.unpack_from(metadata, layout + place)
    return table + offset if offset else 0


def _exactly(source: socket.socket, size: int) -> pa.Buffer:
    buffer = pa.allocate_buffer(size)
    left = memoryview(buffer).cast("B")
    while left:
        count = source.recv_into(left)
        if not count:
            raise Torn
        left = left[count:]
    return buffer
