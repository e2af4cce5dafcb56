"""``marsad link`` and ``marsad link-files``: the same linkage in the warehouse and on any files."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

import getpass
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marsad.settings import Settings
from marsad.terminal import Lang, err, show

if TYPE_CHECKING:
    from marsad.intake.office import Office

Bind = Annotated[
    list[str],
    typer.Option(
        help="concept=column,… once for all files or once for each. Concepts: given_name, family_name (or surname), "
        "name, birth_date, sex, nationality, place, phone, document_number."
    ),
]


Opened = Callable[[], AbstractContextManager["Office"]]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def add_to(app: typer.Typer, office: Opened) -> None:
    """Adds the commands to ``app``; ``office`` opens the installation for the time of a command."""
    _add_link(app, office)
    _add_files(app)


def _add_link(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def link(
        why: Annotated[
            tuple[str, str] | None,
            typer.Option(
                metavar="RECORD RECORD",
                help="Say why two records are one person, or not. A record is written agency/name/provider/number.",
            ),
        ] = None,
        undo: Annotated[
            str | None, typer.Option(metavar="PERSON", help="Take this person apart again from the one it went to.")
        ] = None,
        lang: Lang = "en",
        as_json: Json = False,
    ) -> None:
        """Find which records in the warehouse are of one person; only what came or changed is looked at."""
        from marsad.linkage import decisions, linker, reasons

        if why:
            with office() as opened:
                told = reasons.why(opened, *why, lang)
            show(as_json, told.as_dict(), "\n".join(told.lines()))
            return
        with office() as opened:
            if undo:
                decisions.undo(opened, undo, getpass.getuser())
            counts = linker.link_sound(opened, progress=lambda text: err.print(text, style="dim"))
        text = "{entered} records looked at, {departed} left, {compared} pairs, {persons} new persons, {moved} moved"
        show(as_json, counts, text.format(**counts))


def _add_files(app: typer.Typer) -> None:

    @app.command("link-files")
    def link_files(
        files: Annotated[list[Path], typer.Argument(help="One file to find repeats in, or several to link.")],
        id_column: Annotated[str, typer.Option("--id", help="Column with the id of a row.")],
        bind: Bind,
        pairs: Annotated[Path, typer.Option("--out", help="Pairs that may be one person (CSV).")],
        clusters: Annotated[Path | None, typer.Option(help="Which rows are one person (CSV).")] = None,
        why: Annotated[Path | None, typer.Option(help="What speaks for and against each pair (CSV).")] = None,
        lang: Lang = "en",
        as_json: Json = False,
    ) -> None:
        """Find which rows are of one person, within a file and across files, in Latin or Arabic letters."""
        from marsad.linkage import files as linkage

        bindings = [linkage.parse_binding(text) for text in bind]
        linkage.check_places(files, [path for path in (pairs, clusters, why) if path])
        today = datetime.now(UTC).date()
        linked = linkage.link_files(files, id_column, bindings, Settings.from_env().schemas, today)
        linkage.write_pairs(linked, pairs)
        if clusters:
            linkage.write_clusters(linked, clusters)
        if why:
            linkage.write_why(linked, why, lang)
        counts = {"rows": len(linked.rows), "pairs": len(linked.pairs), "persons": len(set(linked.persons))}
        told = "{rows} rows, {pairs} pairs, {persons} persons".format(**counts)
        show(as_json, counts | {"model_version": linked.policy.version}, told)
