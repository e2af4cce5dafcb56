"""Servers of one question each: a line of JSON over a socket in ``run/``, answered by a fork of a process of its own.

A fork that a hostile file crashes or stalls harms nobody else; after ``SECONDS`` it is ended. Before its answer it says
in a line when it began, so that who asks can tell a long wait for a fork, or one that crashed, from one that was ended.
"""

from __future__ import annotations

import json
import os
import signal
import socketserver
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marsad.portal.asking import SECONDS

_AT_ONCE = 2
_LINE = 100_000_000  # bytes of a question; a report names every row


class Answering(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Listens on the socket at ``place``, for the owner only; a subclass says what ``answer`` is."""

    max_children = _AT_ONCE

    def __init__(self, place: Path) -> None:
        place.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            super().__init__(str(place), _Asked)
        finally:
            os.umask(before)

    def answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is said to ``question``; called in a fork."""
        raise NotImplementedError


class _Asked(socketserver.StreamRequestHandler):
    server: Answering

    def handle(self) -> None:
        began = time.monotonic()  # of the machine: who asks compares it with its own
        signal.alarm(SECONDS)
        line = self.rfile.readline(_LINE)
        if not line:  # somebody only looked whether we listen
            return
        self.wfile.write(json.dumps({"began": began}).encode() + b"\n")
        told = self.server.answer(json.loads(line))
        self.wfile.write(json.dumps(told, ensure_ascii=False).encode() + b"\n")
