"""``marsad release``: tables that may be passed on, built, attacked, signed by a person, and handed out."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from marsad.errors import UsageFault
from marsad.terminal import Lang, err, show, show_rows

if TYPE_CHECKING:
    from marsad.intake.office import Office
    from marsad.statistics.releases.store import Build

Opened = Callable[[], AbstractContextManager["Office"]]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Id = Annotated[str, typer.Argument(metavar="BUILD", help="Its id, or the first signs of it.")]
By = Annotated[
    str, typer.Option("--by", help="The person who decides, as printed; the account counts too: it never built it.")
]
Note = Annotated[str | None, typer.Option(help="Why; asked for where the verdict is 'review'.")]
_LISTED = ("build_id", "name", "period", "number", "verdict", "state", "as_of", "decided_by")


def add_to(app: typer.Typer, office: Opened) -> None:
    """Adds the commands to ``app``; ``office`` opens the installation for the time of a command."""
    release = typer.Typer(no_args_is_help=True, help="Tables that may be passed on: build, look, sign or reject.")
    app.add_typer(release, name="release")
    _add_build(release, office)
    _add_show(release, office)
    _add_outputs(release, office)
    _add_sources(release, office)
    _add_decisions(release, office)


def _add_build(release: typer.Typer, office: Opened) -> None:
    @release.command()
    def build(
        name: Annotated[str, typer.Argument(help="A file of schemas/releases, without its ending.")],
        period: Annotated[str, typer.Option(help="2025, 2025-Q1, 2025-03.")],
        lang: Lang = "en",
        as_json: Json = False,
    ) -> None:
        """Count, protect, attack, judge. Exit code 0 pass, 1 review, 2 fail; nothing is published yet."""
        from marsad.statistics.releases.build import build as run

        with office() as opened:
            err.print("counting, protecting, attacking …", style="dim")
            made = run(opened, name, period, getpass.getuser())
        show(as_json, document(made), "\n".join(_lines(made, lang)))
        raise typer.Exit({"pass": 0, "review": 1, "fail": 2}[made.verdict])


def _add_show(release: typer.Typer, office: Opened) -> None:
    @release.command("show")
    def show_(
        build_id: Annotated[str | None, typer.Argument(metavar="BUILD", help="One build; all if left out.")] = None,
        out: Annotated[Path | None, typer.Option(help="Also write its package into this folder.")] = None,
        lang: Lang = "en",
        as_json: Json = False,
    ) -> None:
        """What was built, what the attack found; whether it comes out the same when built again."""
        from marsad.statistics.releases import decide, package, store

        with office() as opened, opened.engine.connect() as connection:
            if build_id is None:
                show_rows(as_json, store.listed(connection), _LISTED)
                return
            found = store.read(connection, build_id)
            same, counted = decide.same_again(found), decide.counted_again(opened, found)
        written = [f"written to {package.write(out, found)}"] if out else []
        again = "built again: the same bytes" if same else "BUILT AGAIN: NOT THE SAME"
        today = (
            "marts asked for that moment count the same" if counted else "marts asked for that moment count otherwise"
        )
        told = {**document(found), "same_again": same, "counted_again": counted}
        show(as_json, told, "\n".join([*_lines(found, lang), again, today, *written]))
        raise typer.Exit(0 if same else 70)


def _add_outputs(release: typer.Typer, office: Opened) -> None:
    @release.command()
    def outputs(
        name: Annotated[str, typer.Argument(help="A file of schemas/releases, without its ending.")],
        period: Annotated[str, typer.Option(help="2025, 2025-Q1, 2025-03.")],
        out: Annotated[Path, typer.Option(help="A folder of its own is made in this one.")],
        as_json: Json = False,
    ) -> None:
        """Write package, bulletins, SDMX and forms of the newest build that is signed, else of one that waits."""
        from marsad.statistics.outputs.hand_out import hand_out, why_no_forms

        with office() as opened:
            build, folder = hand_out(opened, name, period, out)
            why = why_no_forms(build, opened.settings.schemas)
        signed = f"signed by {build.decided_by}" if build.state == "signed" else "NOT SIGNED: not to be published"
        told = {"build_id": build.build_id, "state": build.state, "folder": str(folder), "no_forms": why}
        forms = f"\nno forms of UNODC, SDG, US TIP: {why}" if why else ""
        show(as_json, told, f"{folder}\n{signed}{forms}")


def _add_sources(release: typer.Typer, office: Opened) -> None:
    @release.command()
    def sources(
        build_id: Id,
        table: Annotated[str, typer.Argument(help="A table of the release.")],
        cell: Annotated[list[str] | None, typer.Option(help="dimension=code, each once; else the total.")] = None,
        as_json: Json = False,
    ) -> None:
        """From a published number back to the deliveries behind it: how many of the counted each speaks of."""
        from dataclasses import asdict

        from marsad.statistics.releases.sources import trace

        asked = _codes(cell or [])
        with office() as opened:
            found = trace(opened, build_id, table, asked)
        rows = [asdict(one) for one in found.sources]
        head = (
            f"{found.value} in {found.build.name} {found.build.period.label}, as known on {found.as_of:%Y-%m-%d %H:%M}"
        )
        lines = [f"{'c' if one.counted is None else one.counted:>8}  {one.feed}  {one.provider}  {one.delivery_id}"
                 for one in found.sources]  # fmt: skip
        told = {"build_id": found.build.build_id, "table": table, "cell": asked, "value": found.value, "sources": rows}
        show(as_json, told, "\n".join([head, *lines]))


def _codes(said: Iterable[str]) -> dict[str, str]:
    """The code of each dimension that was named. Raises UsageFault: one twice, or without ``=``."""
    found: dict[str, str] = {}
    for one in said:
        name, equals, code = one.partition("=")
        if not equals or name in found:
            raise UsageFault(f"--cell {one}: write dimension=code, each dimension once")
        found[name] = code
    return found


def _add_decisions(release: typer.Typer, office: Opened) -> None:
    @release.command()
    def sign(build_id: Id, by: By, note: Note = None, as_json: Json = False) -> None:
        """Sign a build: analysts can read it, and its package lies in outbox/releases."""
        from marsad.statistics.releases import decide

        with office() as opened:
            folder = decide.sign(opened, build_id, by, note, getpass.getuser())
        show(as_json, {"build_id": build_id, "state": "signed", "folder": str(folder)}, str(folder))

    @release.command()
    def reject(build_id: Id, by: By, note: Note = None, as_json: Json = False) -> None:
        """Reject a build: it stays, and nobody but publishers sees it."""
        from marsad.statistics.releases import decide

        with office() as opened:
            decide.reject(opened, build_id, by, note, getpass.getuser())
        show(as_json, {"build_id": build_id, "state": "rejected"}, "rejected")


def document(build: Build) -> dict[str, Any]:
    """A build as one JSON document: how it came out, and no number that is not shown."""
    from marsad.statistics.releases.package import provenance

    tables = [{"table": table.name, "cells": len(table.cells), "shown": table.shown} for table in build.tables()]
    return {
        "build_id": build.build_id, "name": build.name, "period": build.period.label, "number": build.number,
        "verdict": build.verdict, "state": build.state, "facts": dict(build.facts), "broken": list(build.broken),
        "tables": tables, "provenance": provenance(build), "built_by": build.built_by, "decided_by": build.decided_by,
    }  # fmt: skip


def _lines(build: Build, lang: str) -> Iterator[str]:
    facts = build.facts
    yield f"{build.build_id}  {build.name} {build.period.label}, build {build.number}: {build.verdict}, {build.state}"
    yield (
        f"attack: {facts['cells_attacked']} cells, {facts['cells_recovered']} recovered, "
        f"{facts['cells_narrow']} closer than {build.policy.width}"
    )
    for table in build.tables():
        share = 100 * table.shown // max(1, len(table.cells))
        yield f"  {table.name:24} {table.shown} of {len(table.cells)} cells shown ({share} %): {table.spec.title[lang]}"
    for one in build.missing:
        yield f"  missing: {one['feed']} {one['provider']} {one['period']}"
    for broken in build.broken:
        yield f"  {broken['severity']}: {broken['message'][lang]}"
