"""The platform's keys, made once; apart from ``prepare``, which imports the servers that a short command needs not."""

from __future__ import annotations

import sqlalchemy as sa

from marsad.errors import PlatformFault
from marsad.identity.keys import RESTORE, KeyRing
from marsad.settings import Settings
from marsad.warehouse.engine import clean_errors, make_engine


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
