"""``marsad link-files``: the production linkage on any files."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from marsad.settings import Settings
from marsad.terminal import Lang, show

Bind = Annotated[
    list[str],
    typer.Option(
        help="concept=column,… once for all files or once for each. Concepts: given_name, family_name (or surname), "
        "name, birth_date, sex, nationality, place, phone, document_number."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Adds the command to ``app``."""

    @app.command("link-files")
    def link_files(
        files: Annotated[list[Path], typer.Argument(help="One file to find repeats in, or several to link.")],
        id_column: Annotated[str, typer.Option("--id", help="Column with the id of a row.")],
        bind: Bind,
        pairs: Annotated[Path, typer.Option("--out", help="Pairs that may be one person (CSV).")],
        clusters: Annotated[Path | None, typer.Option(help="Which rows are one person (CSV).")] = None,
        why: Annotated[Path | None, typer.Option(help="What speaks for and against each pair (CSV).")] = None,
        lang: Lang = "en",
        as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
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
