"""Asking the processes beside the pages over their sockets (``portal.trial``, ``portal.opener``, ``portal.looker``)."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from marsad.errors import PolicyRefusal
from marsad.identity.keys import KeyDestroyed

Answer = Mapping[str, Any]
Ask = Callable[[Mapping[str, Any]], Answer | None]
"""A question to such a process -> its answer, a fault as ``fault``; None when there is none, which is our fault."""

SECONDS = 120  # for one question; a delivery may take longer
_TOO_LONG: Answer = {"fault": "TooLong"}


class TooLong(Exception):
    """No answer came in the time that one question has."""


class TooOften(Exception):
    """Who asks looked as often as the policy allows for now."""


def over(place: Path, seconds: float = SECONDS) -> Ask:
    """Asks whoever listens on the socket at ``place``; who began and ended ``seconds`` later took too long."""

    def ask(question: Mapping[str, Any]) -> Answer | None:
        began = None
        try:
            with socket.socket(socket.AF_UNIX) as asked:
                asked.settimeout(seconds + 30)  # few are answered at once, the others wait
                asked.connect(str(place))
                asked.sendall(json.dumps(question).encode() + b"\n")
                with asked.makefile("rb") as answer:
                    began = float(json.loads(answer.readline())["began"])
                    told = json.loads(answer.readline())
        except (OSError, ValueError):  # it is being started anew, or the file was too much for it
            return _TOO_LONG if began is not None and time.monotonic() - began >= seconds else None
        return told if isinstance(told, dict) else None

    return ask


def _sound(told: Answer | None) -> Answer | None:
    return None if told is None or "fault" in told else told


def _looked(told: Answer | None) -> Answer | None:
    if told and told.get("fault") == PolicyRefusal.__name__:
        raise TooOften
    return _sound(told)


def verdict(ask: Ask, path: Path, feed: str, provider: str) -> Answer | None:
    """The report of a dry run of ``path``, as JSON.

    Raises:
        TooLong: the file needs more time than a dry run has.
    """
    told = ask({"path": str(path), "feed": feed, "provider": provider})
    if told == _TOO_LONG:
        raise TooLong
    return _sound(told)


def marked(ask: Ask, path: Path, report: Answer, language: str) -> bytes | None:
    """The sender's own workbook with marked cells, after that report."""
    told = _sound(ask({"path": str(path), "feed": report["feed"], "report": dict(report), "language": language}))
    return base64.b64decode(told["workbook"]) if told else None


def opened(opener: Ask, session: str, delivery_id: str, language: str) -> bytes | None:
    """What a settled delivery held, as a workbook with marked cells, for who has the session of that token.

    Raises:
        KeyDestroyed: it is gone by policy.
        TooOften: they may open one again later.
    """
    told = opener({"session": session, "delivery": delivery_id, "language": language})
    if told and told.get("fault") == KeyDestroyed.__name__:
        raise KeyDestroyed("what was sent is gone by policy")
    sound = _looked(told)
    return base64.b64decode(sound["workbook"]) if sound else None


def looked(looker: Ask, session: str, pair: tuple[int, int], reason: str, language: str) -> Answer | None:
    """Two records side by side (``linkage.shown``), for who has the session of that token and is asked about them.

    Raises:
        TooOften: here and below: they may look again later.
    """
    return _looked(looker({"session": session, "pair": pair, "reason": reason, "language": language}))


def identity(looker: Ask, session: str, person: str, reason: str, language: str) -> Sequence[Answer] | None:
    """Who a registered person is (``register.opened``), as far as who has the session of that token may know."""
    told = _looked(looker({"session": session, "person": person, "reason": reason, "language": language}))
    return told["said"] if told else None


def named(looker: Ask, session: str, name: str, born: str, reason: str) -> Sequence[str] | None:
    """Persons with a name like that whom who has the session of that token may see, likest first."""
    told = _looked(looker({"session": session, "name": name, "born": born, "reason": reason}))
    return told["persons"] if told else None


def answered(looker: Ask, session: str, pair: tuple[int, int], said: str) -> str | None:
    """What became of somebody's answer about two records: ``noted`` or ``decided``; None where it was not taken."""
    told = _sound(looker({"session": session, "pair": pair, "said": said}))
    return str(told["became"]) if told else None
