"""Commands for the rights of the person, and for keeping what is held safe: erasing, backup, retention."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

import getpass
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marsad.cli_bodies import NewBody, check_bodies
from marsad.errors import UsageFault
from marsad.settings import Settings
from marsad.terminal import show

if TYPE_CHECKING:
    from marsad.intake.office import Office

Opened = Callable[[], AbstractContextManager["Office"]]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Reason = Annotated[str, typer.Option(help="own_request, court_order, retention or error.")]
Keys = Annotated[Path | None, typer.Option(help="Folder of the keys, on another disk at best; else DIR-keys.")]


def add_to(app: typer.Typer, office: Opened) -> None:
    """Adds the commands to ``app``; ``office`` opens the installation for the time of a command."""
    _add_erase(app, office)
    _add_subject(app, office)
    _add_hold(app, office)
    _add_retention(app, office)
    _add_officer(app, office)
    _add_backup(app, office)
    _add_restore(app, office)


def _add_erase(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def erase(person: str, reason: Reason, as_json: Json = False) -> None:
        """Erase a person for good: the keys and tokens of all her records. Counts stay. Safe to run again."""
        from marsad.register import erasure

        with office() as opened:
            done = erasure.erase(opened, person, reason, getpass.getuser())
        what = f"{done.records} records, {done.keys} data keys"
        told = f"nothing was left to erase: {what} were erased before" if done.before else f"erased: {what}"
        if done.landed:
            told += f"; {done.landed} landed files hold her until the retention policy destroys them"
        for place in done.unreached:
            told += f"\nthe copy of the keys in {place} is not there: run this again when it is, or destroy it"
        show(as_json, asdict(done), told)
        raise typer.Exit(1 if done.unreached else 0)


def _add_subject(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def subject(
        person: str,
        reason: Annotated[str, typer.Option(help="own_request, court_order or guardian.")],
        out: Annotated[Path, typer.Option(help="New file: .json, .pdf or .html. It holds identities.")],
        as_json: Json = False,
    ) -> None:
        """Write all that is held of one person, identities opened, to a file for herself. Audited."""
        from marsad.register.subject import hand_out

        with office() as opened:
            records = hand_out(opened, person, reason, getpass.getuser(), out)
        show(as_json, {"records": records, "file": str(out)}, f"{records} records: {out}")


def _add_hold(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def hold(
        held: Annotated[str, typer.Argument(metavar="PERSON|DELIVERY")],
        reason: Annotated[str, typer.Option(help="court_order, investigation or complaint.")] = "",
        lift: Annotated[bool, typer.Option("--lift", help="End the hold.")] = False,
        as_json: Json = False,
    ) -> None:
        """Keep everything of a person or a delivery, whatever retention or an erasure says."""
        from marsad.register import holds

        with office() as opened:
            if lift:
                holds.lift(opened, held, getpass.getuser())
            else:
                holds.place(opened, held, reason, getpass.getuser())
        show(as_json, {"held": held, "lifted": lift}, f"{'no longer held' if lift else 'held'}: {held}")


def _add_retention(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def retention(
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much would go.")] = False,
        as_json: Json = False,
    ) -> None:
        """Destroy what the policy says is kept long enough: landed files, refused rows, identities; end referrals."""
        from marsad.register import retention as policy

        with office() as opened:
            if dry_run:
                counts = policy.due(opened, policy.load_policy(opened.settings.schemas)).counts
            else:
                counts = policy.apply(opened)
        text = "{landed} landed files, {quarantined} refused rows, {identities} replaced identities, {persons} persons"
        told = text.format(**counts) + (" would go" if dry_run else "")
        told += f"; {counts['referrals']} referrals {'would end' if dry_run else 'ended'}"
        if counts.get("unreached"):
            told += f"\n{counts['unreached']} copies of the keys are not there: what went is in them still"
        show(as_json, counts | {"dry_run": dry_run}, told)


def _add_officer(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def officer(
        name: Annotated[str, typer.Argument(help="Small letters, digits and underscores.")],
        provider: Annotated[list[str] | None, typer.Option(help="Sending body; none: sees nobody any more.")] = None,
        new_body: NewBody = False,
        as_json: Json = False,
    ) -> None:
        """Let a case officer sign in to the database, for persons whom these bodies saw; a new password each time."""
        from marsad.register.officers import admit

        with office() as opened:
            if not new_body:
                with opened.engine.connect() as connection:
                    check_bodies(connection, opened.settings, provider or [])
            address = admit(opened, name, provider or [], getpass.getuser())
        show(as_json, {"url": address}, f"shown once: {address}")


def _keys_beside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-keys")


def _add_backup(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def backup(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of backups: database and files.")],
        keys: Keys = None,
        as_json: Json = False,
    ) -> None:
        """Copy database, files and keys, the keys to a place of their own; work may go on meanwhile."""
        from marsad.runtime.backup import backup as run

        with office() as opened:
            made = run(opened, folder.absolute(), (keys or _keys_beside(folder.absolute())).absolute())
        told = f"backup: {made.folder}\nkeys: {made.keys}"
        for place in made.unreached:
            told += f"\nthe copy of the keys in {place} is not there: what was erased since it was renewed is in it"
        show(as_json, asdict(made) | {"folder": str(made.folder), "keys": str(made.keys)}, told)


def _add_restore(app: typer.Typer, office: Opened) -> None:
    @app.command()
    def restore(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of backups, or that of one moment.")],
        keys: Keys = None,
        as_json: Json = False,
    ) -> None:
        """Replace the database by a backup's; nobody erased comes back. Keys are copied only where there are none."""
        from marsad.runtime import backup, stack

        settings, beside = Settings.from_env(), backup.newest(folder.absolute()).parent
        if stack.status(settings).supervisor:
            raise UsageFault("the platform is running: stop it first (make down)")
        brought = backup.bring_back_keys(settings, (keys or _keys_beside(beside)).absolute())
        with office() as opened:
            moment = backup.restore(opened, folder.absolute(), getpass.getuser())
        told = f"restored: {moment}" + ("; the keys too" if brought else "")
        show(as_json, {"folder": str(moment), "keys_restored": brought}, told)
