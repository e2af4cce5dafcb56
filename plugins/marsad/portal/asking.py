"""Asking the process of dry runs (``portal.trial``) for a verdict, over its socket."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Verdict = Mapping[str, Any]
Ask = Callable[[Path, str, str], Verdict | None]
"""File, feed, provider -> the report of a dry run as JSON; None when it could not be made, which is our fault."""

_PATIENCE = 150.0  # seconds


def over(place: Path) -> Ask:
    """Asks whoever listens on the socket at ``place``."""

    def ask(path: Path, feed: str, provider: str) -> Verdict | None:
        question = json.dumps({"path": str(path), "feed": feed, "provider": provider})
        try:
            with socket.socket(socket.AF_UNIX) as asked:
                asked.settimeout(_PATIENCE)
                asked.connect(str(place))
                asked.sendall(question.encode() + b"\n")
                with asked.makefile("rb") as answer:
                    told = json.loads(answer.readline())
        except (OSError, ValueError):  # it is being started anew, or the file was too much for it
            return None
        return told if isinstance(told, dict) and "fault" not in told else None

    return ask
