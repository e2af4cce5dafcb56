"""The embedded stack's side of the SFTP server: the database address left for it, where it listens, whether it answers.

It runs only where ``MARSAD_SFTP`` names an address.
"""

from __future__ import annotations

import socket

from marsad.durable import write_whole
from marsad.runtime.files import read_json
from marsad.settings import Settings
from marsad.warehouse.query import role_url

URL, NOTE = "sftp.url", "sftp.json"  # in run/
_SECONDS = 5


def leave_address(settings: Settings) -> None:
    """Leaves the server an address that signs in as the role ``sftp``; it needs no other, and has no other key."""
    (settings.place("run") / NOTE).unlink(missing_ok=True)
    if settings.sftp:
        write_whole(settings.place("run") / URL, role_url(settings, "sftp").encode())


def address(settings: Settings) -> str | None:
    """Where it listens, ``host:port``; None when it does not."""
    note = read_json(settings.place("run") / NOTE)
    return None if note is None else f"{note['host']}:{note['port']}"


def answers(settings: Settings) -> bool:
    """Whether an SSH server greets there."""
    note = read_json(settings.place("run") / NOTE)
    if note is None:
        return False
    try:
        with socket.create_connection((note["host"], note["port"]), _SECONDS) as connection:
            return connection.recv(8) == b"SSH-2.0-"
    except OSError:
        return False
