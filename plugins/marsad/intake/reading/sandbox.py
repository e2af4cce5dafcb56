"""Reading an untrusted file in a process of its own: the same result as ``files.open_file``, and nothing to fear.

That process has no key, an empty environment, no network where the kernel allows, and limits on memory and processor
time; it gets the file as an open descriptor. Rows come back as Arrow blocks, so that parsing also runs beside the rest
of the work on another core.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Never

import pyarrow as pa

from marsad import durable
from marsad.errors import PassingFault, PlatformFault, ProviderFault
from marsad.intake.blocks import RawBlock
from marsad.intake.reading import limits, wire
from marsad.intake.reading.files import ReadFile
from marsad.intake.reading.hints import Hints
from marsad.intake.reading.notes import Note
from marsad.intake.reading.records import Piece
from marsad.intake.reading.refusals import believed
from marsad.intake.reading.tables import TableInfo
from marsad.intake.reading.worker import OUT_OF_MEMORY

_START = (
    "import sys, socket; sys.path.insert(0, sys.argv[1]); from marsad.intake.reading.worker import serve; "
    "serve(socket.socket(fileno=0))"
)
_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_LAST_WORDS = 20  # seconds to end in; gigabytes of memory are given back meanwhile
_NONSENSE = "the process that reads files sent what makes no sense"
_TOO_MUCH = frozenset({OUT_OF_MEMORY, -signal.SIGXCPU, -signal.SIGABRT})
"""How a reader ends that wanted more than its limits; Rust and C++ abort when memory is refused."""

_BROKEN = frozenset({-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGILL, -signal.SIGFPE})
"""How a reader ends when a file found a fault in a parser."""


def open_file(path: Path, *, hints: Hints | None = None, name: str | None = None) -> ReadFile:
    """As ``files.open_file``, read in a process of its own. The file may be removed once this has returned.

    Raises:
        ProviderFault: it cannot be read, or not within the limits (``file.too_complex``).
        PassingFault: the process was stopped from outside.
        PlatformFault: the system, or a fault of ours.
    """
    with durable.os_faults("reading a file in a process of its own"):
        source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    seconds = limits.READER_SECONDS + (os.fstat(source).st_size >> 20) * limits.READER_SECONDS_A_MB
    asked = {"hints": hints, "name": name or path.name, "memory": limits.READER_BYTES, "seconds": seconds}
    start = _Start(source, asked)
    first = _Session(start)
    seen = first.document()
    shared = _Shared(start, first)
    tables = [_remote(number, facts, shared) for number, facts in enumerate(seen["tables"])]
    return ReadFile(path, seen["format"], tables)


def served_at(place: Path | None) -> None:
    """From now on have files read by the server that listens at ``place``; None: by one of our own.

    Another user's server (docker-compose) leaves a reader that was taken over nothing of ours to look at.
    """
    _SERVER.found_at(place)


def warm() -> None:
    """Start the server of readers now, in the background, if there is none: its half second then costs nobody."""
    _SERVER.start()


class _Server:
    """The clean process that forks readers; started (or connected to) when first needed, and again if it was killed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._place: Path | None = None

    def found_at(self, place: Path | None) -> None:
        with self._lock:
            if place != self._place:
                self._place, self._control = place, None

    def start(self) -> None:
        with self._lock:
            if self._control is None:
                self._control = self._new()

    def _new(self) -> socket.socket:
        return _started() if self._place is None else _connected(self._place)

    def hand_over(self, descriptors: list[int]) -> None:
        """Have a reader started that gets ``descriptors``."""
        self.start()
        with self._lock:
            try:
                self._send(descriptors)
            except (BrokenPipeError, ConnectionResetError):
                self._control = self._new()
                self._send(descriptors)

    def _send(self, descriptors: list[int]) -> None:
        assert self._control is not None  # noqa: S101 - for the type checker
        socket.send_fds(self._control, [b"r"], descriptors)


def _started() -> socket.socket:
    """A new server; ends when no process holds the socket any more.

    Messages keep their borders (SEQPACKET), so that forked processes can share one server. What libraries print goes
    nowhere: it may quote what they choked on.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    package = Path(__file__).parents[3]
    with theirs:
        subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-I", "-c", _START, str(package)],
            stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT, cwd="/", start_new_session=True,
        )  # fmt: skip
    return ours


def _connected(place: Path) -> socket.socket:
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        control.connect(str(place))
    except OSError:
        control.close()
        raise PassingFault("the process that reads files does not answer") from None
    return control


_SERVER = _Server()


class _Start:
    """What it takes to begin reading the file (again)."""

    def __init__(self, file: int, asked: dict[str, Any]) -> None:
        self.file, self.asked = file, asked

    def __del__(self) -> None:
        os.close(self.file)


class _Session:
    """One reader at work."""

    def __init__(self, start: _Start) -> None:
        told, ending = os.pipe2(os.O_CLOEXEC)
        self._ending = os.fdopen(told, "rb", buffering=0)
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(limits.READER_SILENCE)
        self.asked: set[int] = set()
        self._hints: Hints | None = start.asked["hints"]
        try:
            with theirs, durable.os_faults("starting the process that reads files"):
                _SERVER.hand_over([theirs.fileno(), start.file, ending])
        finally:
            os.close(ending)
        self._tell(wire.PICKLE, pickle.dumps(start.asked))

    def __del__(self) -> None:
        self._give_up()

    def _give_up(self) -> None:
        """Leave the reader; who waits for it ends it, whatever it is doing."""
        self._socket.close()
        self._ending.close()

    def _tell(self, kind: bytes, content: bytes) -> None:
        try:
            wire.send(self._socket, kind, content)
        except OSError:
            self._explain()

    def document(self) -> dict[str, Any]:
        """The next frame, which must be a document."""
        kind, content = self._frame()
        return self._checked(content) if kind == wire.JSON else _no_sense()

    def rows(self, number: int, sheet: str | None) -> Iterator[RawBlock | dict[str, Any]]:
        """The blocks of a table, and at last what is known of it then."""
        self.asked.add(number)
        self._tell(wire.JSON, b'{"table": %d}' % number)
        while (frame := self._frame())[0] == wire.BLOCK:
            self._tell(wire.TAKEN, b"")
            yield self._block(frame[1], sheet)
        yield self._checked(frame[1])

    def _block(self, content: pa.Buffer, sheet: str | None) -> RawBlock:
        try:
            return wire.block_of(content, sheet)
        except wire.Torn:
            _no_sense()

    def _frame(self) -> tuple[bytes, pa.Buffer]:
        try:
            return wire.receive(self._socket)
        except TimeoutError:
            self._give_up()
            raise PassingFault(f"no sign of the process that reads files in {limits.READER_SILENCE} s") from None
        except (wire.Torn, OSError):
            self._explain()

    def _checked(self, content: pa.Buffer) -> dict[str, Any]:
        try:
            found = wire.document_of(content)
        except wire.Torn:
            _no_sense()
        if "fault" in found:
            raise believed(found["fault"], found.get("params"), self._hints) or PlatformFault(_NONSENSE)
        if "passing" in found:
            raise PassingFault("the process that reads files met what passes")
        if "platform" in found:
            raise PlatformFault("the process that reads files met a fault of ours")
        return found

    def _explain(self) -> Never:
        """Raise what the reader's end means; one that goes on after it sent nonsense is ended."""
        self._socket.close()
        ended = bool(select.select([self._ending], [], [], _LAST_WORDS)[0])
        told = self._ending.read(16) if ended else b""
        self._give_up()
        if not ended:
            _no_sense()
        status = int(told) if told else -signal.SIGKILL
        if status in _TOO_MUCH:
            raise ProviderFault("file.too_complex")
        if status in _BROKEN:
            raise ProviderFault("file.unreadable")
        if status < 0:
            raise PassingFault("the process that reads files was stopped from outside")
        raise PlatformFault(f"the process that reads files ended with status {status}")


def _no_sense() -> Never:
    raise PlatformFault(_NONSENSE)


@dataclass(slots=True)
class _Shared:
    """The reader that the tables of a file share; a new one takes over where a table is wanted again."""

    start: _Start
    session: _Session
    busy: bool = False

    def rows(self, number: int, sheet: str | None) -> Iterator[RawBlock | dict[str, Any]]:
        """Rows of a table from its start."""
        if self.busy or number in self.session.asked:
            self.session = _Session(self.start)
            self.session.document()
        self.busy = True
        yield from self.session.rows(number, sheet)
        self.busy = False


def _no_pieces(_: TableInfo) -> Iterator[Piece]:
    return iter(())


@dataclass(slots=True)
class _RemoteTable(TableInfo):
    """A table whose rows come from the other process, already in blocks."""

    rows: Callable[[], Iterator[RawBlock | dict[str, Any]]] = field(default=lambda: iter(()))

    def blocks(self) -> Iterator[RawBlock]:
        """As ``TableInfo.blocks``."""
        self.rows_read, self.notes = 0, list(self.found_notes)
        for frame in self.rows():
            if isinstance(frame, RawBlock):
                self.rows_read += len(frame)
                yield frame
            else:
                self.encoding = frame["encoding"]
                self.notes = [Note(*note) for note in frame["notes"]]


def _remote(number: int, facts: dict[str, Any], shared: _Shared) -> TableInfo:
    notes = [Note(*note) for note in facts.pop("found_notes")]
    return _RemoteTable(pieces=_no_pieces, found_notes=notes, rows=lambda: shared.rows(number, facts["sheet"]), **facts)
