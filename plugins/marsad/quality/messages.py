"""The message catalogue ``schemas/messages.yaml``: every sentence an agency reads, in three languages, written once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

from marsad import yaml12
from marsad.contracts.model import Labels, Severity
from marsad.contracts.wording import fill
from marsad.errors import PlatformFault, UsageFault
from marsad.quality.findings import Rule, Scope
from marsad.settings import PROJECT
from marsad.warehouse.model import LANGUAGES

__all__ = ["LANGUAGES", "Catalogue", "Message", "fill", "load_messages", "message_rule", "render"]


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the catalogue; ``text`` may hold ``{placeholders}``; ``justify`` as in ``Rule``."""

    id: str
    severity: Severity
    scope: Scope
    text: Labels
    justify: bool = False


Catalogue = Mapping[str, Message]


@cache
def load_messages(path: Path = PROJECT / "schemas" / "messages.yaml") -> Catalogue:
    """All messages by id. Raises UsageFault naming the entry that lacks a language or has a wrong severity or scope."""
    document = yaml12.load(path)
    return {id_: _message(path, id_, body) for id_, body in document.items()}


def _message(path: Path, id_: str, body: Mapping[str, Any]) -> Message:
    right = body["severity"] in get_args(Severity) and body["scope"] in get_args(Scope)
    if not right or not all(body.get(language) for language in LANGUAGES):
        raise UsageFault(f"{path.name}: '{id_}' needs severity, scope and a text in each of {', '.join(LANGUAGES)}")
    text = {language: body[language] for language in LANGUAGES}
    return Message(id_, body["severity"], body["scope"], text, body.get("justify", False))


def message_rule(id_: str, catalogue: Catalogue | None = None) -> Rule:
    """The rule that a catalogue entry stands for by itself (a file refused by the reader, a share of refused rows).

    Raises PlatformFault when the id is not in the catalogue.
    """
    entry = (load_messages() if catalogue is None else catalogue).get(id_)
    if entry is None:
        raise PlatformFault(f"no message '{id_}' in schemas/messages.yaml")
    return Rule(entry.id, entry.severity, entry.scope, None, entry.text)


def render(rule: Rule | str, language: str, params: Mapping[str, str | int] | None = None) -> str:
    """What the agency reads: the message of a rule, or of a catalogue id, in ``fr``, ``ar`` or ``en``.

    Raises PlatformFault for an unknown id or language.
    """
    known = message_rule(rule) if isinstance(rule, str) else rule
    if language not in known.message:
        raise PlatformFault(f"rule '{known.id}' has no message in '{language}'")
    return fill(known.message[language], params or {})
