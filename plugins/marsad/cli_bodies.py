"""Sending bodies that nothing here names: asked about before a slip of the key makes one that counts."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from os.path import commonprefix
from typing import TYPE_CHECKING, Annotated

import typer

from marsad.errors import UsageFault
from marsad.settings import Settings
from marsad.terminal import err

if TYPE_CHECKING:
    import sqlalchemy as sa

_SHORT = 3  # letters: names so short are a letter apart by right
_PARTS = re.compile(r"\d+|[^\W\d_]")  # whole numbers: 1-2 is not 12

NewBody = Annotated[bool, typer.Option("--new-body", help="The provider is one that nothing here names yet.")]


def check_bodies(connection: sa.Connection, settings: Settings, names: Iterable[str]) -> None:
    """Raises UsageFault for a body that nothing here names: from a slip of the key one would be made that counts."""
    from marsad.portal import accounts

    for name, like in accounts.strangers(names, bodies(connection, settings)).items():
        meant = f"did you mean {like}? If not" if like else "if it is a new one"
        raise UsageFault(f"nothing here names a body '{name}'; {meant}, say --new-body")


def bodies(connection: sa.Connection, settings: Settings) -> set[str]:
    """All bodies that contracts, the list of them, deliveries or accounts name."""
    from marsad.contracts.catalog import sound_catalog
    from marsad.portal.accounts import heard_of

    return sound_catalog(settings)[0].bodies | heard_of(connection)


def ask_about(provider: str, known: Iterable[str]) -> None:
    """Asks at a terminal whether an unknown body is a new one; programs, which nobody can ask, are told and go on.

    For feeds whose contract lets anybody send. Raises UsageFault if it is none, and in a program for a name that is a
    known one but for a slip of the key: no list that a program goes by holds both.
    """
    from marsad.portal import accounts

    names = sorted(known)
    for name, like in accounts.strangers([provider], names).items():
        told = f"nothing here names a body '{name}' yet" + (f"; did you mean {like}?" if like else ".")
        if sys.stdin.isatty() and err.is_terminal:
            if not typer.confirm(f"{told} Is it a new one?", err=True):
                raise UsageFault("nothing was sent")
        elif meant := next((body for body in names if is_slip(name, body)), None):
            raise UsageFault(f"nothing here names a body '{name}'; did you mean {meant}? If not, say --new-body")
        else:
            err.print(told)


def is_slip(name: str, body: str) -> bool:
    """Whether two names differ in case and signs alone, or in one letter or two swapped ones inside a word.

    Numbers and letters by themselves (ONG-1, ONG-B) tell bodies apart.
    """
    one, other = name.casefold(), body.casefold()
    if _PARTS.findall(one) == _PARTS.findall(other):
        return True
    before = len(commonprefix([one, other]))
    after = min(len(commonprefix([one[::-1], other[::-1]])), len(one) - before, len(other) - before)
    left, right = one[before : len(one) - after], other[before : len(other) - after]
    swapped = len(left) == 2 and left == right[::-1]
    beside = one[before - 1 : before] + one[len(one) - after :][:1]
    inside = any(map(str.isalpha, beside)) and (left + right).isalpha()
    return inside and len(one) > _SHORT and (swapped or max(len(left), len(right)) == 1)
