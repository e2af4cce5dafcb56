"""Case officers who sign in to the database themselves."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import sqlalchemy as sa

from marsad import audit
from marsad.intake.office import Office
from marsad.warehouse import own_persons
from marsad.warehouse.engine import clean_errors, database_url


def admit(office: Office, name: str, providers: Sequence[str], actor: str) -> str:
    """Makes or renews an officer's login for sending bodies (none: it sees nobody) and returns its address, audited.

    Raises:
        UsageFault: the name is not made of small letters, digits and underscores.
    """
    password = secrets.token_urlsafe(24)
    with clean_errors(), office.engine.begin() as connection:
        login = own_persons.admit(connection, name, password, providers)
        audit.append(connection, actor, "officer.admitted", login, {"providers": sorted(providers)}, office.clock())
    address = sa.make_url(database_url(office.settings)).set(username=login, password=password)
    return address.render_as_string(hide_password=False)
