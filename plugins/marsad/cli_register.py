"""``marsad register``: the register brought up to date, checked, and one person's path without her identity."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from marsad.errors import UsageFault
from marsad.terminal import Lang, err, show

if TYPE_CHECKING:
    from marsad.intake.office import Office

Opened = Callable[[], AbstractContextManager["Office"]]


def add_to(app: typer.Typer, office: Opened) -> None:
    """Adds the command to ``app``; ``office`` opens the installation for the time of a command."""

    @app.command()
    def register(
        check: Annotated[bool, typer.Option("--check", help="Judge core and register as a whole instead.")] = False,
        person: Annotated[
            str | None, typer.Option(metavar="ID", help="Tell this person's path instead, without her identity.")
        ] = None,
        lang: Lang = "en",
        as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    ) -> None:
        """Bring the register of victims in step with records and links; only persons that were touched are rebuilt."""
        with office() as opened:
            if person:
                _tell(opened, person, as_json)
            elif check:
                raise typer.Exit(_check(opened, lang, as_json))
            else:
                _refresh(opened, as_json)


def _refresh(office: Office, as_json: bool) -> None:
    from marsad.register.refresh import refresh

    counts = refresh(office, lambda text: err.print(text, style="dim"))
    text = "{touched} persons touched, {registered} of them registered, with {records} records and {steps} steps"
    show(as_json, counts, text.format(**counts))


def _check(office: Office, lang: str, as_json: bool) -> int:
    """The exit code: 70 when something critical is broken, as for any fault of ours; else 0."""
    from marsad.register.watch import check, sentence

    found = [one for broken in check(office).values() for one in broken]
    rows = [
        {"rule": one.rule.id, "severity": one.severity, "facts": dict(one.params), "message": dict(one.rule.message)}
        for one in found
    ]
    lines = [f"{one.severity:9} {sentence(one, lang)}" for one in found]
    show(as_json, {"broken": rows}, "\n".join(lines) or "core and register hold together")
    return 70 if any(one.severity == "critical" for one in found) else 0


def _tell(office: Office, person: str, as_json: bool) -> None:
    from marsad.register.path import history, told
    from marsad.warehouse.engine import clean_errors

    with clean_errors(), office.engine.connect() as connection:
        found = history(connection, person)
    if found is None:
        raise UsageFault(f"there is nobody {person} in the register")
    show(as_json, asdict(found), "\n".join(told(found)))
