"""``marsad``: the command line. Human text by default, one JSON document on stdout with ``--json``, progress on stderr.

Heavy rooms are imported where they are used: ``marsad status`` must not wait for Great Expectations.
"""
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from marsad import (
    cli_account,
    cli_agencies,
    cli_keys,
    cli_ledger,
    cli_linkage,
    cli_register,
    cli_release,
    cli_reports,
    cli_rights,
    cli_statistics,
)
from marsad.cli_bodies import NewBody, ask_about
from marsad.errors import MarsadError, own_faults_only
from marsad.settings import Settings
from marsad.terminal import Lang, ended_when_told, err, out, seen_lines, show, show_receipt, show_rows

if TYPE_CHECKING:
    from marsad.contracts.catalog import Catalog
    from marsad.intake.office import Office

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Marsad: from the agencies' files to one warehouse.",
)
feed_app = typer.Typer(no_args_is_help=True, help="Contracts of feeds: check them, draft a new one.")
audit_app = typer.Typer(no_args_is_help=True, help="The audit trail.")
app.add_typer(feed_app, name="feed")
app.add_typer(audit_app, name="audit")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Feed = Annotated[str, typer.Option(help="Feed, agency/name, e.g. police/victims.")]
Provider = Annotated[str, typer.Option(help="Sending body, e.g. DGSN.")]

# Modules and rows are a million objects and no garbage: looking for cycles among them took a tenth of a command's time.
_RARELY = (100_000, 20, 100)


def main() -> None:
    """Runs a command; every error of ours is one plain message and an exit code (64 wrong usage, 70 platform).

    SIGTERM and a closed terminal end it like Ctrl-C does: what it had started is stopped first.
    """
    gc.set_threshold(*_RARELY)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # file names need not be valid text
            stream.reconfigure(errors="backslashreplace")
    try:
        with ended_when_told(), own_faults_only(TyperException, typer.Abort, typer.Exit):
            code = app(standalone_mode=False)
    except MarsadError as error:
        err.print(str(error), style="red", highlight=False)
        code = error.exit_code
    except TyperException as error:  # wrong usage: typer says what is wrong and how the command is used
        error.show()  # type: ignore[attr-defined]  # all of them are click's, which typer carries untyped
        code = 64
    except typer.Abort:
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


# -- platform ----------------------------------------------------------------------------------------------------------


@app.command()
def up(as_json: Json = False) -> None:
    """Start the platform: PostgreSQL and Airflow with its pages."""
    from marsad.runtime import stack

    status = stack.up(Settings.from_env(), _progress)
    told = f"pages: {status.portal}\nAirflow: {status.url}, user {status.user}, password in {status.password_file}"
    show(as_json, status.as_dict(), told)


@app.command()
def down() -> None:
    """Stop the platform; nothing is lost."""
    from marsad.runtime import stack

    stack.down(Settings.from_env(), _progress)


@app.command()
def status(as_json: Json = False) -> None:
    """What runs."""
    from marsad.runtime import stack

    found = stack.status(Settings.from_env()).as_dict()
    show(as_json, found, "\n".join(f"{name}: {value}" for name, value in found.items()))


@app.command()
def demo(
    victims: Annotated[int, typer.Option(help="How many victims to make up.")] = 300,
    seed: Annotated[int, typer.Option(help="Same seed, same files.")] = 1,
    as_json: Json = False,
) -> None:
    """Make up agencies, let the real DAGs do the work, show what came out, stop again."""
    from marsad.runtime.demo import demo as run

    console, invite = err if as_json else out, cli_account.invite_submitter
    raise typer.Exit(run(Settings.from_env(), console, invite=invite, as_json=as_json, victims=victims, seed=seed))


@app.command()
def simulate(
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for the files and truth.json.")],
    victims: Annotated[int, typer.Option(help="How many victims.")] = 300,
    seed: Annotated[int, typer.Option(help="Same seed, same files.")] = 1,
) -> None:
    """Write files of made-up agencies, and truth.json that knows what must come of them."""
    from marsad.simulation import simulate as run

    out.print(str(run(out_dir, victims, seed)))


# -- feeds -------------------------------------------------------------------------------------------------------------


@app.command()
def feeds(as_json: Json = False) -> None:
    """The feeds that have a contract."""
    from marsad.contracts.catalog import load_catalog

    contracts = load_catalog(Settings.from_env()).contracts.values()
    rows = [
        {
            "feed": c.feed, "version": c.version, "title": c.title["en"], "mode": c.mode, "cadence": c.cadence,
            "providers": list(c.providers), "columns": len(c.columns), "file": str(c.path),
        }
        for c in contracts
    ]  # fmt: skip
    show_rows(as_json, rows, ["feed", "version", "title", "mode", "cadence", "providers"])


@feed_app.command("check")
def feed_check(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder of contracts, or one contract; all folders of the settings if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check contracts and their suites: every problem with file, line and what to do."""
    from marsad.quality.feeds import check_feeds

    problems = check_feeds(folder, Settings.from_env())
    show(as_json, [asdict(p) for p in problems], "\n".join(map(str, problems)) or "no problems")
    raise typer.Exit(64 if problems else 0)


@feed_app.command("new")
def feed_new(
    file: Annotated[Path, typer.Argument(help="A sample of what the agency sends.")],
    feed: Annotated[str | None, typer.Option(help="Its name, agency/name; from the file's name if left out.")] = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="Folder for contracts/ and expectations/; the project's if left out.")
    ] = None,
) -> None:
    """Draft contract and suite of a new feed from a sample file."""
    from marsad.intake.newfeed import draft_feed

    for path in draft_feed(file, feed, out_dir, Settings.from_env()):
        out.print(str(path))


@feed_app.command("sync")
def feed_sync(feed: Annotated[str | None, typer.Argument(help="One feed; all if left out.")] = None) -> None:
    """Write the rules that follow from the contracts into their suites."""
    from marsad.contracts.catalog import load_catalog
    from marsad.quality.structural import load_rulebook
    from marsad.quality.suites import suite_to_write, sync_suite

    settings = Settings.from_env()
    catalog, book = load_catalog(settings), load_rulebook(settings.schemas, settings.own_codelists)
    for contract in [catalog.contract(feed)] if feed else catalog.contracts.values():
        path = suite_to_write(contract, settings.contract_dirs, settings.expectation_dirs)
        out.print(f"{contract.feed}: {'written' if sync_suite(contract, path, book) else 'in step'}")


# -- intake ------------------------------------------------------------------------------------------------------------


@app.command()
def read(
    files: Annotated[list[Path], typer.Argument(help="Any files.")],
    out_dir: Annotated[Path | None, typer.Option(help="Also write each table here as plain UTF-8 CSV.")] = None,
    as_json: Json = False,
) -> None:
    """What the reader sees in files, without a contract. One JSON line a file."""
    from marsad.intake.reading import describe_each

    refused = False
    for seen in describe_each(files, out_dir):
        refused |= seen["verdict"] == "refused"
        show(as_json, seen, "\n".join(seen_lines(seen)))
    raise typer.Exit(2 if refused else 0)


@app.command()
def check(
    file: Path,
    feed: Feed,
    provider: Annotated[str | None, typer.Option(help="Sending body; the contract's first if left out.")] = None,
    report: Annotated[
        Path | None, typer.Option(help="Also write a report: X.xlsx, X.html, X.json, or a folder of pages.")
    ] = None,
    lang: Lang = "fr",
    as_json: Json = False,
) -> None:
    """Dry run: the verdict that a delivery would get now. Nothing is stored."""
    from marsad.intake import dry_run, receipts, reports, sealed
    from marsad.intake.reports.trial import write_trial

    with _office(_catalog_to_send(file, feed, provider)) as office:
        receipt, judged = dry_run.check(office, file, feed, provider)
        terms = office.contract(feed), office.catalog.codelists
        with sealed.opened_if_possible(file, office.keyring, office.settings.place("tmp")) as sent:
            receipt["reports"] = write_trial(report, sent, (receipt, judged), terms, lang) if report else {}
        show_receipt(as_json, receipt, reports.describe(terms[0], judged.broken), lang)
    raise typer.Exit(receipts.exit_code(receipt))


@app.command()
def drop(file: Path, feed: Feed, provider: Provider, new_body: NewBody = False) -> None:
    """Put a file in the inbox, whole or not at all; Airflow takes it from there."""
    from marsad.intake import inbox
    from marsad.intake.sending import check_waiting

    catalog, place = _catalog_to_send(file, feed, provider), Settings.from_env().place("inbox")
    check_waiting(catalog.contract(feed))
    if not (new_body or catalog.contract(feed).providers):
        ask_about(provider, catalog.bodies | inbox.providers(place))
    out.print(str(inbox.drop(file, place, provider, feed)))


@app.command()
def ingest(
    file: Path, feed: Feed, provider: Provider, new_body: NewBody = False, lang: Lang = "fr", as_json: Json = False
) -> None:
    """One delivery without Airflow, the same code. Exit code 0 accepted, 1 rows quarantined, 2 refused."""
    from marsad.intake import pipeline, receipts
    from marsad.portal.accounts import heard_of

    catalog = _catalog_to_send(file, feed, provider)
    with _office(catalog) as office:
        if not (new_body or catalog.contract(feed).providers):
            with office.engine.connect() as connection:
                ask_about(provider, catalog.bodies | heard_of(connection))
        receipt = pipeline.ingest(office, file, feed, provider)
        told = json.loads((office.settings.home / receipt["reports"]["json"]).read_text("utf-8"))
        show_receipt(as_json, receipt, told["findings"], lang)
    raise typer.Exit(receipts.exit_code(receipt))


# -- warehouse ---------------------------------------------------------------------------------------------------------


@app.command()
def sql(
    statement: Annotated[
        str | None, typer.Argument(help="SQL. Left out, or \\d: what the role can read. \\d NAME: its columns.")
    ] = None,
    role: Annotated[str, typer.Option(help="As which role, e.g. analyst.")] = "analyst",
    as_of: Annotated[
        str | None, typer.Option(help="Marts as they stood at the end of that day (UTC), e.g. 2025-06-30.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask the warehouse, read-only, with the rights of a role."""
    from marsad.warehouse.query import check_role, meant, query

    check_role(role)
    with _warehouse() as settings:
        columns, rows = query(settings, meant(statement), role, as_of)
    show_rows(as_json, [dict(zip(columns, row, strict=True)) for row in rows], columns,
               document={"columns": columns, "rows": rows})  # fmt: skip


@app.command()
def url(
    role: Annotated[str, typer.Option(help="For which role, e.g. analyst.")] = "analyst",
    psql: Annotated[bool, typer.Option("--psql", help="As psql and other programs of PostgreSQL take it.")] = False,
) -> None:
    """The address of the warehouse for a role (works while the platform is up), for SQLAlchemy or for psql."""
    from marsad.warehouse.query import role_url

    address = role_url(Settings.from_env(), role)
    sys.stdout.write((address.replace("+psycopg2", "", 1) if psql else address) + "\n")


@audit_app.command("verify")
def audit_verify(as_json: Json = False) -> None:
    """Hold the audit chain against all receipts and head files; exit code 1 if anything does not fit."""
    from marsad.intake.proof import verify_trail

    with _office() as office:
        faults = verify_trail(office)
    text = "\n".join(f"{fault.kind} at event {fault.seq}" for fault in faults) or "the audit trail is whole"
    show(as_json, {"whole": not faults, "faults": [asdict(fault) for fault in faults]}, text)
    raise typer.Exit(1 if faults else 0)


# -- helpers -----------------------------------------------------------------------------------------------------------


@contextmanager
def _warehouse() -> Iterator[Settings]:
    """Settings with the warehouse up: the running one, a server, or the embedded one for the time of the command."""
    from marsad.runtime.stack import borrowed_warehouse

    settings = Settings.from_env()
    with borrowed_warehouse(settings, _progress):
        yield settings


def _catalog_to_send(file: Path, feed: str, provider: str | None) -> Catalog:
    """What ``feed`` is read with; UsageFault for a mistake in the command, before anything is started."""
    from marsad.contracts.catalog import load_catalog
    from marsad.intake.sending import check_sending
    from marsad.quality.suites import suite_path

    settings = Settings.from_env()
    _progress(f"reading the contract of {feed}")
    catalog = load_catalog(settings, feed)
    check_sending(file, catalog.contract(feed), provider, settings.place("inbox"))
    suite_path(feed, settings.expectation_dirs)
    return catalog


@contextmanager
def _office(catalog: Catalog | None = None) -> Iterator[Office]:
    from marsad.intake.office import Office
    from marsad.warehouse.engine import clean_errors

    if catalog:
        _progress("loading Great Expectations and the rules")
        _load_judges()
    with _warehouse() as settings:
        office = Office.open(settings, catalog=catalog)
        try:
            with clean_errors():
                yield office
        finally:
            office.engine.dispose()


def _load_judges() -> None:
    """Great Expectations takes seconds to import: meanwhile the database starts and the file is read.

    What this thread uses too is imported before: SQLAlchemy asks the registries of half an ``orm`` whatever it meets.
    """
    import_module("sqlalchemy.orm")
    Thread(target=import_module, args=("marsad.quality.rows",), daemon=True).start()


def _progress(text: str) -> None:
    err.print(f"{text} …", style="dim")


cli_ledger.add_to(app, _office)
cli_reports.add_to(app, _office)
cli_account.add_to(app, _warehouse)
cli_agencies.add_to(app, _office)
cli_keys.add_to(app, _office)
cli_linkage.add_to(app, _office)
cli_register.add_to(app, _office)
cli_release.add_to(app, _office)
cli_rights.add_to(app, _office)
cli_statistics.add_to(app)
