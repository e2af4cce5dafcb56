"""Asking the processes beside the pages over their sockets (``portal.trial``, ``portal.opener``)."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from marsad.identity.keys import KeyDestroyed

Answer = Mapping[str, Any]
Ask = Callable[[Mapping[str, Any]], Answer | None]
"""A question to such a process -> its answer, a fault as ``fault``; None when there is none, which is our fault."""

SECONDS = 120  # for one question; a delivery may take longer
_PATIENCE = SECONDS + 30.0  # two are answered at once, the others wait


def over(place: Path) -> Ask:
    """Asks whoever listens on the socket at ``place``."""

    def ask(question: Mapping[str, Any]) -> Answer | None:
        try:
            with socket.socket(socket.AF_UNIX) as asked:
                asked.settimeout(_PATIENCE)
                asked.connect(str(place))
                asked.sendall(json.dumps(question).encode() + b"\n")
                with asked.makefile("rb") as answer:
                    told = json.loads(answer.readline())
        except (OSError, ValueError):  # it is being started anew, or the file was too much for it
            return None
        return told if isinstance(told, dict) else None

    return ask


def _sound(told: Answer | None) -> Answer | None:
    return None if told is None or "fault" in told else told


def verdict(ask: Ask, path: Path, feed: str, provider: str) -> Answer | None:
    """The report of a dry run of ``path``, as JSON."""
    return _sound(ask({"path": str(path), "feed": feed, "provider": provider}))


def marked(ask: Ask, path: Path, report: Answer, language: str) -> bytes | None:
    """The sender's own workbook with marked cells, after that report."""
    told = _sound(ask({"path": str(path), "feed": report["feed"], "report": dict(report), "language": language}))
    return base64.b64decode(told["workbook"]) if told else None


def opened(opener: Ask, session: str, delivery_id: str, language: str) -> bytes | None:
    """What a settled delivery held, as a workbook with marked cells, for who has the session of that token.

    Raises:
        KeyDestroyed: it is gone by policy.
    """
    told = opener({"session": session, "delivery": delivery_id, "language": language})
    if told and told.get("fault") == KeyDestroyed.__name__:
        raise KeyDestroyed("what was sent is gone by policy")
    return base64.b64decode(told["workbook"]) if _sound(told) and told else None
