"""Commands on what was delivered: the ledger, receipts, judging again, admitting, withdrawing."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

import getpass
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from marsad.settings import Settings
from marsad.terminal import show, show_receipt, show_rows

if TYPE_CHECKING:
    from marsad.intake.office import Office

Opened = Callable[..., AbstractContextManager["Office"]]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
_ROWS = ("rows_read", "rows_accepted", "rows_quarantined")


def add_to(app: typer.Typer, office: Opened) -> None:
    """Adds the commands to ``app``; ``office`` opens the installation, with a catalog, for the time of a command."""
    _add_views(app, office)
    _add_judging(app, office)
    _add_retract(app, office)


def _add_views(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def deliveries(
        feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None, as_json: Json = False
    ) -> None:
        """The ledger: every delivery with its state."""
        from marsad.intake import ledger

        with office() as opened, opened.engine.connect() as connection:
            rows = ledger.overview(connection, feed)
        columns = ["delivery_id", "feed", "provider", "file_name", "status", *_ROWS, "rows_unchanged"]
        show_rows(as_json, rows, columns)

    @app.command()
    def receipt(delivery: str, as_json: Json = False) -> None:
        """The receipt of a delivery."""
        from marsad.intake import ledger
        from marsad.intake.sending import check_delivery_id

        check_delivery_id(delivery)
        with office() as opened, opened.engine.connect() as connection:
            show_receipt(as_json, ledger.receipt_of(connection, delivery))


def _add_judging(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def rejudge(target: Annotated[str, typer.Argument(metavar="DELIVERY|FEED")], as_json: Json = False) -> None:
        """Judge refused files and quarantined rows again, after a contract, code list or suite changed."""
        from marsad.contracts.catalog import load_catalog
        from marsad.intake import pipeline
        from marsad.intake.sending import is_delivery_id

        catalog = None if is_delivery_id(target) else load_catalog(Settings.from_env(), target)
        if catalog:
            catalog.contract(target)
        with office(catalog) as opened:
            receipts = pipeline.rejudge(opened, target)
        show_rows(as_json, receipts, ["delivery_id", "feed", "status", *_ROWS])

    @app.command()
    def admit(
        delivery: str,
        reason: Annotated[str, typer.Option(help="confirmed, known_change or good_rows_needed.")],
        note: Annotated[str, typer.Option(help="What the sender reads; names no person.")],
        as_json: Json = False,
    ) -> None:
        """Load the good rows of a file that a rule on the whole delivery refused."""
        from marsad.intake import admission, pipeline
        from marsad.intake.sending import check_delivery_id

        check_delivery_id(delivery)
        admission.check_reason(reason)
        admission.clean_note(note)
        with office() as opened:
            show_receipt(as_json, pipeline.admit(opened, delivery, reason, note, getpass.getuser()))


def _add_retract(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def retract(delivery: str, as_json: Json = False) -> None:
        """Withdraw a whole delivery."""
        from marsad.intake import pipeline
        from marsad.intake.sending import check_delivery_id

        check_delivery_id(delivery)
        with office() as opened:
            done = pipeline.retract(opened, delivery, getpass.getuser())
        happened = (
            "was withdrawn before: nothing changed" if done.before
            else f"is withdrawn: {done.rows} rows that it stated count no more, earlier states of these records count "
            "again; the same bytes may be sent anew"
        )  # fmt: skip
        told = f"{done.file_name} ({done.feed}, {done.provider}) {happened}"
        show(as_json, {"delivery_id": delivery, **asdict(done)}, told)
