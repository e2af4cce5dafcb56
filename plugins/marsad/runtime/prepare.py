"""What a server installation needs before its first run: ``python -m marsad.runtime.prepare``. Safe to repeat."""

from __future__ import annotations

import sqlalchemy as sa

from marsad.durable import private_folder
from marsad.intake.sftp.keys import host_key
from marsad.runtime.keymaking import make_keys
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


if __name__ == "__main__":
    prepare(Settings.from_env())
