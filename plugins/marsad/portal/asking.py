"""Asking the process of dry runs (``portal.trial``) over its socket: for a verdict, for a marked workbook."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Answer = Mapping[str, Any]
Ask = Callable[[Mapping[str, Any]], Answer | None]
"""A question to the process of dry runs -> its answer; None when there is none, which is our fault."""

_PATIENCE = 150.0  # seconds


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
        return told if isinstance(told, dict) and "fault" not in told else None

    return ask


def verdict(ask: Ask, path: Path, feed: str, provider: str) -> Answer | None:
    """The report of a dry run of ``path``, as JSON."""
    return ask({"path": str(path), "feed": feed, "provider": provider})


def marked(ask: Ask, path: Path, report: Answer, language: str) -> bytes | None:
    """The sender's own workbook with marked cells, after that report."""
    told = ask({"path": str(path), "feed": report["feed"], "report": dict(report), "language": language})
    return base64.b64decode(told["workbook"]) if told else None
