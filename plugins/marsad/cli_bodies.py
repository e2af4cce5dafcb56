"""Sending bodies that nothing here names: asked about before a slip of the key makes one that counts."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from marsad.errors import UsageFault
from marsad.settings import Settings
from marsad.terminal import err

if TYPE_CHECKING:
    import sqlalchemy as sa

NewBody = Annotated[bool, typer.Option("--new-body", help="The provider is one that nothing here names yet.")]


def check_bodies(connection: sa.Connection, settings: Settings, names: Iterable[str]) -> None:
    """Raises UsageFault for a body that nothing here names: from a slip of the key one would be made that counts."""
    from marsad.portal import accounts
    from marsad.portal.site import Shelf

    known = Shelf(settings).bodies | accounts.heard_of(connection)
    for name, like in accounts.strangers(names, known).items():
        meant = f"did you mean {like}? If not" if like else "if it is a new one"
        raise UsageFault(f"nothing here names a body '{name}'; {meant}, say --new-body")


def ask_about(provider: str, known: Iterable[str]) -> None:
    """Asks at a terminal whether an unknown body is a new one; programs, which nobody can ask, are told and go on.

    For feeds whose contract lets anybody send. Raises UsageFault if it is none.
    """
    from marsad.portal import accounts

    for name, like in accounts.strangers([provider], known).items():
        told = f"nothing here names a body '{name}' yet" + (f"; did you mean {like}?" if like else ".")
        if not (sys.stdin.isatty() and err.is_terminal):
            err.print(told)
        elif not typer.confirm(f"{told} Is it a new one?", err=True):
            raise UsageFault("nothing was sent")
