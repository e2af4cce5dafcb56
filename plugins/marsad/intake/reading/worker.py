"""The process that reads untrusted files: no key, no environment, no network, little memory and time.

One server, started clean, has imported what reading needs and knows no file. For each file it forks a process that
takes limits upon itself, reads that file from an open descriptor, and ends. A second fork waits for it and says how it
ended, since a process that was killed cannot say so itself.

``python -m marsad.intake.reading SOCKET`` is such a server for whoever connects: in docker-compose it runs as
another user, with no volume but the socket's.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import resource
import select
import signal
import socket
import sys
from contextlib import suppress
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

from marsad.errors import MarsadError, PassingFault, ProviderFault, own_faults_only
from marsad.intake.reading import wire
from marsad.intake.reading.files import ReadFile, open_file

OUT_OF_MEMORY = 71
"""Exit status of a reader that could not have more memory."""

_FILES = 64
_IN_FLIGHT = 2  # blocks
_NO_NEW_PRIVILEGES = 38  # prctl(2)
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # unshare(2)


class _WithoutPandas(MetaPathFinder):
    """Keeps pandas out, which pyarrow imports where it can: 0.4 s and 40 MB for each reader, used for nothing."""

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> None:
        """Say that there is none."""
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def listen(place: Path) -> None:
    """Serve whoever connects to the socket at ``place``, each from a fork of its own; does not return."""
    _prepare()
    _warm_up()
    place.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(str(place))
        place.chmod(0o666)  # who may pass its folder may ask
        listening.listen()
        while True:
            control, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                serve(control, warm=True)
                os._exit(0)
            control.close()


def _prepare() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries those who wait
    sys.meta_path.insert(0, _WithoutPandas())


def serve(control: socket.socket, *, warm: bool = False) -> None:
    """Fork a reader for each message on ``control`` that brings descriptors; until the other side is gone."""
    if not warm:
        _prepare()
    while True:
        if not warm and not select.select([control], [], [], 0)[0]:  # nobody waits
            _warm_up()
            warm = True
        message, descriptors, _, _ = socket.recv_fds(control, 1, 3)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            _wait_for_reader(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _warm_up() -> None:
    """Load now what readers would each load for themselves (models of encodings, CleverCSV): it takes a second."""
    import clevercsv  # noqa: F401, PLC0415 - see above

    sample = os.memfd_create("sample", os.MFD_CLOEXEC)
    os.write(sample, "Numéro;Âge;Ville\r\n1;17;Salé\r\n2;31;Fès\r\n".encode("cp1252"))
    for _ in open_file(Path(f"/proc/self/fd/{sample}"), name="sample.csv").blocks():
        pass
    os.close(sample)
    gc.freeze()


def _wait_for_reader(session: int, file: int, ending: int) -> None:
    """Start the reader, and write to ``ending`` how it ended; end it when nobody reads there. Does not return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    reader = os.fork()
    if reader == 0:
        os.close(ending)
        os._exit(_read(socket.socket(fileno=session), file))
    os.close(session)
    os.close(file)
    watched = select.poll()
    watched.register(os.pidfd_open(reader), select.POLLIN)
    watched.register(ending, 0)  # POLLERR comes unasked, once the other end is closed
    if ending in dict(watched.poll()):
        os.kill(reader, signal.SIGKILL)
    _, status = os.waitpid(reader, 0)
    with suppress(OSError):  # nobody wants to know any more
        os.write(ending, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _read(session: socket.socket, file: int) -> int:
    """Serve one file; gives the exit status."""
    try:
        _, content = wire.receive(session)
        asked = pickle.loads(content.to_pybytes())  # noqa: S301 - from our own side, which knows the keys
        confine(asked["memory"], asked["seconds"])
        _answer(session, _openable(file), asked)
    except MemoryError:
        return OUT_OF_MEMORY
    except (wire.Torn, OSError):  # nobody listens any more
        return 0
    return 0


def _openable(file: int) -> Path:
    """A path that opens the file of a descriptor again and again: of what only its owner may open, a copy's."""
    path = Path(f"/proc/self/fd/{file}")
    if os.access(path, os.R_OK):
        return path
    copy = os.memfd_create("file", os.MFD_CLOEXEC)
    place = 0
    while sent := os.sendfile(copy, file, place, 1 << 30):
        place += sent
    return Path(f"/proc/self/fd/{copy}")


def confine(memory: int, seconds: int) -> None:
    """Give up for good what reading does not need: more bytes than these, more processor time, rights, the network."""
    used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    for what, soft, hard in (
        (resource.RLIMIT_AS, used + memory, used + memory),
        (resource.RLIMIT_CPU, seconds, seconds + 5),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, _FILES, _FILES),
    ):
        highest = resource.getrlimit(what)[1]
        bounds = (soft, hard) if highest == resource.RLIM_INFINITY else (min(soft, highest), min(hard, highest))
        resource.setrlimit(what, bounds)
    libc = ctypes.CDLL(None)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.unshare(_NEW_USER | _NEW_NETWORK)  # where the kernel lets us; the limits hold without it


def _answer(session: socket.socket, path: Path, asked: dict[str, Any]) -> None:
    """What the file is, then the rows of each table that is asked for, or why it cannot be read."""
    try:
        with own_faults_only():
            file = open_file(path, hints=asked["hints"], name=asked["name"])
        wire.send_json(session, _described(file))
        while True:
            _, content = wire.receive(session)
            with own_faults_only():
                _send_rows(session, file, int(wire.document_of(content)["table"]))
    except MarsadError as fault:
        wire.send_json(session, _told(fault))


def _send_rows(session: socket.socket, file: ReadFile, number: int) -> None:
    """The rows of a table, never more than ``_IN_FLIGHT`` blocks ahead of who takes them: blocks are memory."""
    table, in_flight = file.tables[number], 0
    for block in table.blocks():
        while in_flight >= _IN_FLIGHT:
            wire.receive(session)
            in_flight -= 1
        wire.send_block(session, block)
        in_flight += 1
    for _ in range(in_flight):
        wire.receive(session)
    wire.send_json(session, {"rows": table.rows_read, "notes": table.notes, "encoding": table.encoding})


def _described(file: ReadFile) -> dict[str, Any]:
    return {
        "format": file.format,
        "tables": [
            {
                "header": table.header,
                "header_rows": table.header_rows,
                "sheet": table.sheet,
                "encoding": table.encoding,
                "delimiter": table.delimiter,
                "quote": table.quote,
                "escape": table.escape,
                "line_end": table.line_end,
                "found_notes": table.found_notes,
                "member": table.member,
                "left": table.left,
            }
            for table in file.tables
        ],
    }


def _told(fault: MarsadError) -> dict[str, Any]:
    if isinstance(fault, ProviderFault):
        return {"fault": fault.rule, "params": dict(fault.params)}
    return {"passing" if isinstance(fault, PassingFault) else "platform": str(fault)}
