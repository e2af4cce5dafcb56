"""What a server installation needs before its first run: ``python -m marsad.runtime.prepare``. Safe to repeat."""

from __future__ import annotations

from marsad.identity.keys import KeyRing
from marsad.settings import Settings
from marsad.warehouse import migrate
from marsad.warehouse.engine import database_url


def prepare(settings: Settings) -> None:
    """Bring the warehouse to this version's schema and make the keys if there are none.

    Raises:
        PassingFault: the server does not answer.
        UsageFault: no warehouse is configured.
    """
    migrate.upgrade(database_url(settings))
    KeyRing.create(settings.place("keys"))


if __name__ == "__main__":
    prepare(Settings.from_env())
