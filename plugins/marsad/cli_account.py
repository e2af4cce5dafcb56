"""``marsad account …``: accounts of the web pages; the first administrator is made here, the others in the pages."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from marsad.cli_bodies import NewBody, check_bodies
from marsad.settings import Settings
from marsad.terminal import show, show_rows

if TYPE_CHECKING:
    import sqlalchemy as sa

Warehouse = Callable[[], AbstractContextManager[Settings]]
Email = Annotated[str, typer.Option(help="E-mail address that signs in.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Lang = Annotated[Literal["fr", "ar", "en"], typer.Option(help="Language of the pages.")]


def add_to(app: typer.Typer, warehouse: Warehouse) -> None:
    """Adds the group of commands to ``app``; ``warehouse`` brings the database up for the time of a command."""
    group = typer.Typer(no_args_is_help=True, help="Accounts of the web pages.")
    app.add_typer(group, name="account")

    @group.command("add")
    def add(
        email: Email,
        role: Annotated[
            str,
            typer.Option(
                help="submitter, steward, reviewer, case_officer, commission, analyst, auditor or administrator."
            ),
        ],
        provider: Annotated[
            list[str] | None,
            typer.Option(help="Of a submitter: sends for; of a case officer: works for; may be repeated."),
        ] = None,
        feed: Annotated[
            list[str] | None, typer.Option(help="A feed that names nobody, sent for the providers; may be repeated.")
        ] = None,
        new_body: NewBody = False,
        name: Annotated[str, typer.Option(help="Shown in the pages; the address if left out.")] = "",
        lang: Lang = "fr",
        as_json: Json = False,
    ) -> None:
        """Make an account; prints the address for choosing a password, which works once."""
        rights = [(role, one, each) for one in provider or [""] for each in feed or [""]]
        _add(warehouse, email, rights, new_body, name, lang, as_json)

    @group.command("invite")
    def invite(email: Email, as_json: Json = False) -> None:
        """A new address for choosing a password; password and one-time codes of before are gone."""
        _invite(warehouse, email, as_json)

    @group.command("list")
    def list_(as_json: Json = False) -> None:
        """All accounts."""
        _list(warehouse, as_json)


def _add(
    warehouse: Warehouse, email: str, rights: list[tuple[str, str, str]], new_body: bool, name: str, lang: str,
    as_json: bool,
) -> None:  # fmt: skip
    from marsad.portal import accounts
    from marsad.portal.site import Shelf, utc_now

    with warehouse() as settings:
        shelf = Shelf(settings)
        wanted = [accounts.Right(*right) for right in rights]
        checked = accounts.check_rights(wanted, shelf.providers, shelf.open_feeds)
        with _transaction(settings) as connection:
            if not new_body:
                check_bodies(connection, settings, [right.provider for right in checked])
            account_id = accounts.add(connection, email, name, lang, checked, accounts.COMMAND_LINE, utc_now())
        _show_invitation(settings, account_id, email, as_json)


def _invite(warehouse: Warehouse, email: str, as_json: bool) -> None:
    from marsad.errors import UsageFault
    from marsad.portal import accounts

    with warehouse() as settings:
        with _transaction(settings) as connection:
            account = accounts.find(connection, email=email)
        if account is None:
            raise UsageFault(f"there is no account of {email}: marsad account list shows all")
        _show_invitation(settings, account.account_id, email, as_json)


def invite_submitter(settings: Settings, email: str, provider: str) -> str:
    """A new account that sends for ``provider``; the address where its password is chosen. The platform is up."""
    from marsad.portal import accounts
    from marsad.portal.site import utc_now

    rights, at = [accounts.Right(accounts.SUBMITTER, provider)], utc_now()
    with _transaction(settings) as connection:
        account_id = accounts.add(connection, email, email, "fr", rights, accounts.COMMAND_LINE, at)
    return _invitation(settings, account_id)[0]


def _invitation(settings: Settings, account_id: str) -> tuple[str, timedelta]:
    """The address for choosing a password, and how long it works."""
    from marsad.portal import accounts
    from marsad.portal.policy import load_policy
    from marsad.portal.site import utc_now
    from marsad.runtime.portal import url

    lasts = load_policy(settings.schemas).invitation
    with _transaction(settings) as connection:
        token = accounts.invite(connection, account_id, lasts, accounts.COMMAND_LINE, utc_now())
    return f"{url(settings) or 'http://localhost:' + str(settings.portal.port)}/invitation/{token}", lasts


def _show_invitation(settings: Settings, account_id: str, email: str, as_json: bool) -> None:
    address, lasts = _invitation(settings, account_id)
    told = {"account_id": account_id, "email": email, "invitation": address, "hours": lasts.total_seconds() / 3600}
    show(as_json, told, f"choose a password within {told['hours']:.0f} hours, once:\n{address}")


def _list(warehouse: Warehouse, as_json: bool) -> None:
    from marsad.portal import accounts

    with warehouse() as settings, _transaction(settings) as connection:
        found = accounts.every(connection)
    rows = [
        {
            "account_id": a.account_id, "email": a.email, "name": a.name,
            "rights": list(map(str, a.rights)),
            "disabled": a.disabled, "signed_in_at": a.signed_in_at,
        }
        for a in found
    ]  # fmt: skip
    show_rows(as_json, rows, ["email", "name", "rights", "disabled", "signed_in_at"])


@contextmanager
def _transaction(settings: Settings) -> Iterator[sa.Connection]:
    from marsad.warehouse.engine import clean_errors, database_url, make_engine

    engine = make_engine(database_url(settings))
    with clean_errors(), engine.begin() as connection:
        yield connection
    engine.dispose()
