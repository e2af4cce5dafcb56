"""Commands about those who send: what they owe, whom to tell, and their keys for SFTP."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marsad.cli_bodies import NewBody, ask_about, bodies
from marsad.errors import UsageFault
from marsad.settings import Settings
from marsad.terminal import out, show_rows

if TYPE_CHECKING:
    from marsad.intake.due import Slot
    from marsad.intake.office import Office

Opened = Callable[[], AbstractContextManager["Office"]]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Whose = Annotated[str, typer.Argument(help="Sending body, or - for the platform's engineers.")]
Listen = Annotated[str, typer.Option(help="host:port; another port is taken if it is in use.")]
NOBODY = "-"  # the platform's own engineers, where a provider is asked for


def add_to(app: typer.Typer, office: Opened) -> None:
    """Adds the commands to ``app``; ``office`` opens the installation for the time of a command."""
    _add_due(app, office)
    contact = typer.Typer(no_args_is_help=True, help="Whom mail goes to.")
    _add_contacts(contact, office)
    app.add_typer(contact, name="contact")
    key = typer.Typer(no_args_is_help=True, help="Whose key opens which SFTP inbox.")
    _add_keys(key, office)
    app.add_typer(key, name="sftp-key")
    _add_sftp(app, office)


def _add_due(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def due(
        provider: Annotated[str | None, typer.Option(help="Only this sending body.")] = None,
        waiting: Annotated[bool, typer.Option("--waiting", help="Only what did not come.")] = False,
        as_json: Json = False,
    ) -> None:
        """What is expected: received, quiet (nothing to report), open, due or late."""
        from marsad.intake.reminders import standing_of

        with office() as opened:
            slots = standing_of(opened.settings, opened.clock(), provider)
        rows = [_row(slot) for slot in slots if slot.waited_for or not waiting]
        show_rows(as_json, rows, ["feed", "provider", "period", "due_on", "state", "received_on", "days_late"])


def _row(slot: Slot) -> dict[str, object]:
    return {
        "feed": slot.feed, "provider": slot.provider, "period": slot.period.label,
        "starts_on": slot.period.starts_on.isoformat(), "ends_on": slot.period.ends_on.isoformat(),
        "due_on": slot.due_on.isoformat(), "state": slot.state,
        "received_on": slot.received_on and slot.received_on.isoformat(), "days_late": slot.days_late,
    }  # fmt: skip


def _add_contacts(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def add(
        provider: Whose,
        email: str,
        kind: Annotated[str, typer.Option(help="submitter, supervisor or engineer.")] = "submitter",
    ) -> None:
        """Remind this address."""
        from marsad.intake import contacts

        with office() as opened, opened.engine.begin() as connection:
            contacts.add(connection, _owner(provider), email, kind, getpass.getuser(), opened.clock())

    @app.command()
    def remove(provider: Whose, email: str) -> None:
        """Remind this address no more."""
        from marsad.intake import contacts

        with office() as opened, opened.engine.begin() as connection:
            contacts.remove(connection, _owner(provider), email, getpass.getuser(), opened.clock())

    @app.command("list")
    def listed(as_json: Json = False) -> None:
        """All addresses."""
        from marsad.intake import contacts

        with office() as opened, opened.engine.connect() as connection:
            rows = contacts.listed(connection)
        show_rows(as_json, rows, ["provider", "email", "kind", "added_by", "added_at"])


def _owner(provider: str) -> str:
    return "" if provider == NOBODY else provider


def _add_keys(app: typer.Typer, office: Opened) -> None:
    def enter(opened: Office, action: str, provider: str, fingerprint: str, feeds: Iterable[str]) -> None:
        from marsad import audit

        detail = {"key": fingerprint, "feeds": sorted(set(feeds))}
        with opened.engine.begin() as connection:
            audit.append(connection, getpass.getuser(), action, provider, detail, opened.clock())

    @app.command()
    def add(
        provider: str,
        keyfile: Annotated[Path, typer.Argument(help="Public key of OpenSSH.")],
        feed: Annotated[list[str], typer.Option(help="Also a feed whose contract names no sender; repeatable.")] = [],  # noqa: B006
        new_body: NewBody = False,
    ) -> None:
        """Let the holder of a key send for a provider: what contracts say it sends, and feeds granted here."""
        from marsad.intake.sftp import keys

        with office() as opened:
            if not new_body:
                with opened.engine.connect() as connection:
                    ask_about(provider, bodies(connection, opened.settings))
            for name in feed:
                if opened.contract(name).providers:
                    raise UsageFault(f"{name} cannot be granted: its contract says who sends it")
            added = keys.add(_folder(opened.settings), provider, keyfile, feed)
            enter(opened, "sftp.key_added", provider, added.fingerprint, feed)
        out.print(added.fingerprint)

    @app.command()
    def remove(provider: str, fingerprint: Annotated[str, typer.Argument(help="SHA256:…, as list shows it.")]) -> None:
        """Take a key away, at once; with a provider's last key go the feeds that were granted to it."""
        from marsad.intake.sftp import keys

        with office() as opened:
            gone = keys.remove(_folder(opened.settings), provider, fingerprint)
            enter(opened, "sftp.key_removed", provider, fingerprint, gone)

    @app.command("list")
    def listed(as_json: Json = False) -> None:
        """All keys, with the feeds granted to their providers besides what contracts say."""
        from marsad.intake.sftp import keys

        folder = _folder(Settings.from_env())
        rows = [
            {"provider": k.provider, "fingerprint": k.fingerprint, "granted": sorted(keys.granted(folder, k.provider))}
            for k in keys.listed(folder)
        ]
        show_rows(as_json, rows, ["provider", "fingerprint", "granted"])


def _folder(settings: Settings) -> Path:
    return settings.place("keys") / "sftp"


def _add_sftp(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def sftp(
        listen: Annotated[
            str, typer.Option(help="host:port; another port is taken if it is in use.")
        ] = "127.0.0.1:2222",
    ) -> None:
        """Serve SFTP until Ctrl-C; `make up` does so by itself where MARSAD_SFTP is set."""
        from marsad.intake.sftp.__main__ import address, main
        from marsad.runtime.sftp import leave_address

        address(listen)
        with office() as opened:
            settings = replace(opened.settings, sftp=listen)
            leave_address(settings)
            main(settings)
