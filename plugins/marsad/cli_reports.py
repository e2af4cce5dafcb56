"""Commands for what senders hold in hand: a template, the annotated workbook of a delivery, reasons for warnings."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

import getpass
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marsad import durable
from marsad.settings import Settings
from marsad.terminal import Lang, out

if TYPE_CHECKING:
    from marsad.intake.office import Office

Out = Annotated[Path, typer.Option("--out", help="The workbook to write (XLSX).")]


def add_to(app: typer.Typer, office: Callable[[], AbstractContextManager[Office]]) -> None:
    """Adds the commands to ``app``; ``office`` opens the installation for the time of a command."""

    @app.command()
    def template(
        feed: Annotated[str, typer.Argument(help="Feed, agency/name.")], out_file: Out, lang: Lang = "fr"
    ) -> None:
        """A workbook to fill in: titles, drop-down lists, hints, an example."""
        from marsad.contracts import template as made
        from marsad.contracts.catalog import load_catalog

        catalog = load_catalog(Settings.from_env(), feed)
        _write(out_file, made.template(catalog.contract(feed), catalog.codelists, lang))

    @app.command()
    def report(delivery: str, out_file: Out, lang: Lang = "fr") -> None:
        """What was sent, as a workbook with marked cells and a summary. Opening it is audited."""
        from marsad.intake.reports.opened import annotated

        with office() as opened:
            _write(out_file, annotated(opened, delivery, lang, getpass.getuser()))

    @app.command()
    def justify(
        delivery: str,
        rule: Annotated[str, typer.Option(help="The rule that doubts, as the report names it, e.g. age.agrees.")],
        reason: Annotated[str, typer.Option(help="Code of schemas/codelists/justification.csv.")],
        row: Annotated[int | None, typer.Option(help="One row; all that wait for a reason if left out.")] = None,
    ) -> None:
        """Say why what a warning doubts is right. The reason stays with the record."""
        from marsad.contracts.codelists import load_codelist
        from marsad.contracts.model import REASONS
        from marsad.intake.justifications import confirm
        from marsad.intake.sending import check_delivery_id

        check_delivery_id(delivery)
        with office() as opened, opened.engine.begin() as connection:
            reasons = load_codelist(opened.settings.schemas / "codelists" / f"{REASONS}.csv")
            by, at = getpass.getuser(), opened.clock()
            out.print(f"rows confirmed: {confirm(connection, reasons, delivery, rule, reason, by, at, row)}")


def _write(path: Path, content: bytes) -> None:
    with durable.os_faults("writing the workbook"):
        path.write_bytes(content)
