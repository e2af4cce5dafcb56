"""Commands for the platform's keys: which there are, a new wrapping key, the one to give to senders."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

import getpass
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from marsad.settings import Settings
from marsad.terminal import err, show, show_rows

if TYPE_CHECKING:
    from marsad.intake.office import Office

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def add_to(app: typer.Typer, office: Callable[[], AbstractContextManager[Office]]) -> None:
    """Adds the group ``keys`` to ``app``; ``office`` opens the installation for the time of a command."""
    group = typer.Typer(no_args_is_help=True, help="The platform's keys.")
    app.add_typer(group, name="keys")

    @group.command("list")
    def list_(as_json: Json = False) -> None:
        """The wrapping keys, and how many files of the key store each wraps."""
        from marsad.identity.keys import KeyRing
        from marsad.identity.rotation import usage

        ring = KeyRing.open(Settings.from_env().place("keys"))
        rows = [
            {"wrapping_key": number, "files": files, "newest": number == ring.wrapping_id}
            for number, files in usage(ring).items()
        ]
        show_rows(as_json, rows, ["wrapping_key", "files", "newest"])

    @group.command()
    def public(as_json: Json = False) -> None:
        """The key to give to agencies that want to encrypt their files with age before they send them."""
        from marsad.identity.keys import PublicKeys

        recipient = str(PublicKeys.open(Settings.from_env().place("keys")).senders_recipient)
        show(as_json, {"recipient": recipient}, recipient)

    @group.command()
    def rotate(as_json: Json = False) -> None:
        """Wrap all keys of identities by a new key and destroy the old one; goes on where a killed run ended."""
        from marsad.identity import mirror
        from marsad.identity.keys import KeyRing
        from marsad.identity.rotation import rotate as run

        ring = KeyRing.open(Settings.from_env().place("keys"))
        done = run(ring, lambda text: err.print(f"{text} …", style="dim"))
        mirror.renew(ring)
        text = f"wrapping key {done.number}: {done.rewrapped} files wrapped anew"
        if done.retired:
            text += f", destroyed: {', '.join(map(str, done.retired))}. Back up the folder of keys now"
        if not done.finished:
            text += "; an intake is running: run this again when it has ended, the old key is kept until then"
        show(as_json, {**asdict(done), "finished": done.finished}, text)
        raise typer.Exit(0 if done.finished else 1)

    @group.command("rotate-tokens")
    def rotate_tokens(as_json: Json = False) -> None:
        """Make all tokens anew with a new key and destroy the old one; linkage waits meanwhile, intake does not."""
        from marsad.linkage.retoken import rotate_tokens as run

        with office() as opened:
            number, records = run(opened, getpass.getuser())
        text = f"token key {number}: tokens of {records} records made anew. Back up the folder of keys now"
        show(as_json, {"number": number, "records": records}, text)
