"""What a server installation needs before its first run: ``python -m marsad.runtime.prepare``. Safe to repeat."""

from __future__ import annotations

import sqlalchemy as sa

from marsad.durable import private_folder
from marsad.errors import PlatformFault
from marsad.identity.keys import RESTORE, KeyRing
from marsad.intake.sftp.keys import host_key
from marsad.settings import Settings
from marsad.warehouse import migrate, roles
from marsad.warehouse.engine import clean_errors, database_url, make_engine


def prepare(settings: Settings) -> None:
    """Bring the warehouse to this version's schema, make the keys if there never were any, and the servers' logins.

    Of the keys, also the SFTP server's host key and the portal's folder: those servers mount that much and no more.

    Raises:
        PassingFault: the server does not answer.
        PlatformFault: the keys were lost.
        UsageFault: no warehouse is configured.
    """
    migrate.upgrade(database_url(settings))
    make_keys(settings, database_url(settings))
    make_logins(settings, database_url(settings))
    host_key(settings.place("keys") / "sftp")
    private_folder(settings.place("keys") / "portal")


def make_logins(settings: Settings, url: str) -> None:
    """The login of each server whose database address was put into ``run/<role>.url``, with the password it has there.

    Raises:
        PassingFault, PlatformFault: the database does not answer or refuses.
    """
    engine = make_engine(url)
    with clean_errors(), engine.begin() as connection:
        for role in roles.ROLES:
            note = settings.place("run") / f"{role}.url"
            if note.exists():
                password = sa.make_url(note.read_text("utf-8").strip()).password
                roles.login(connection, role, password or "")
    engine.dispose()


def make_keys(settings: Settings, url: str) -> None:
    """The platform's keys, made if this installation never had any.

    New ones would open nothing of what is sealed, and nobody would notice until a name is needed.

    Raises:
        PlatformFault: landing, audit or the warehouse at ``url`` were filled with keys that are not there any more.
    """
    folder = settings.place("keys")
    if not (folder / "private").exists() and (filled := _filled(settings, url)):
        raise PlatformFault(f"the keys of {folder} were lost, but {filled}: {RESTORE}")
    KeyRing.create(folder)


def _filled(settings: Settings, url: str) -> str | None:
    if any(settings.place("landing").glob("*/*.age")):
        return "landing holds files encrypted to them"
    if any(settings.place("audit").glob("*.head")):
        return "the audit was signed with them"
    engine = make_engine(url)
    try:
        with clean_errors(), engine.connect() as connection:
            used = connection.execute(sa.text("SELECT EXISTS (SELECT FROM ops.delivery)")).scalar_one()
    finally:
        engine.dispose()
    return "the warehouse holds deliveries sealed with them" if used else None


if __name__ == "__main__":
    prepare(Settings.from_env())
