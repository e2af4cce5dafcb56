"""All outputs of a built release in one folder, beside its package."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from marsad.contracts.codelists import load_codelists
from marsad.durable import os_faults, write_whole
from marsad.errors import UsageFault
from marsad.intake.office import Office
from marsad.linkage.access import reading
from marsad.statistics.outputs import bulletin, sdmx
from marsad.statistics.outputs.words import Words
from marsad.statistics.releases import package, store
from marsad.statistics.releases.store import Build

_NEWEST = """SELECT build_id::text FROM release.build WHERE (name, period) = (:name, :period) AND state <> 'rejected'
    ORDER BY state = 'signed' DESC, number DESC LIMIT 1"""


def hand_out(office: Office, name: str, period: str, place: Path) -> tuple[Build, Path]:
    """Writes the outputs of the newest signed build of a release, or of the newest that waits for a signature.

    Raises:
        UsageFault: there is no such build.
        PassingFault, PlatformFault: the files cannot be written.
    """
    with reading(office.engine, "publisher") as connection:
        build = store.read(connection, _newest(connection, name, period))
    lists = load_codelists(*office.settings.codelist_dirs)
    found = bulletin.files(build, lists, office.settings.schemas)
    found |= sdmx.files(Words(build, lists, office.settings.schemas, "en"))
    folder = package.write(place, build)
    with os_faults("writing outputs of a release"):
        for file, content in found.items():
            write_whole(folder / file, content)
    return build, folder


def _newest(connection: sa.Connection, name: str, period: str) -> str:
    found = connection.execute(sa.text(_NEWEST), {"name": name, "period": period}).scalar()
    if found is None:
        raise UsageFault(
            f"there is no build of {name} for {period}, or it was rejected: `marsad release build` makes one"
        )
    return str(found)
