"""All outputs of a built release in one folder, beside its package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from marsad.contracts.codelists import CodeList, load_codelists
from marsad.durable import os_faults, write_whole
from marsad.errors import UsageFault
from marsad.intake.office import Office
from marsad.linkage.access import reading
from marsad.statistics.outputs import bulletin, indicators, sdmx, unodc
from marsad.statistics.outputs.forms import asked, counted
from marsad.statistics.outputs.words import Words
from marsad.statistics.releases import package, store
from marsad.statistics.releases.store import Build


def hand_out(office: Office, name: str, period: str, place: Path) -> tuple[Build, Path]:
    """Writes the outputs of the newest signed build of a release, or of the newest that waits for a signature.

    Raises:
        UsageFault: there is no such build.
        PassingFault, PlatformFault: the files cannot be written.
    """
    with reading(office.engine, "publisher") as connection:
        build_id = store.best(connection, name, period)
        if build_id is None:
            raise UsageFault(
                f"no build of {name} for {period} is signed or waits for it: `marsad release build` makes one"
            )
        build = store.read(connection, build_id)
    found = files(build, load_codelists(*office.settings.codelist_dirs), office.settings.schemas)
    folder = package.write(place, build)
    with os_faults("writing outputs of a release"):
        for file, content in found.items():
            write_whole(folder / file, content)
    return build, folder


def files(build: Build, lists: Mapping[str, CodeList], schemas: Path) -> dict[str, bytes]:
    """All outputs by file name; forms of others only where the build answers them."""
    words = Words(build, lists, schemas, "en")
    filled = {} if why_no_forms(build, schemas) else forms(words, schemas)
    return bulletin.files(build, lists, schemas) | sdmx.files(words) | filled


def forms(words: Words, schemas: Path) -> dict[str, bytes]:
    """The forms of others, filled in."""
    return {
        "unodc.xlsx": unodc.workbook(words, schemas),
        "sdg-16-2-2.csv": indicators.sdg(words, schemas),
        "us-tip.csv": indicators.us_tip(words, schemas),
    }


def why_no_forms(build: Build, schemas: Path) -> str | None:
    """Why the forms of others cannot be filled in from a build; None where it answers something of them."""
    if build.period.cadence != "yearly":
        return "they ask for a whole year"
    if not any(counted(build, rules) for rules in asked(schemas)):
        rules = {f"{cube.counting.unit} ({cube.counting.stage})" for cube in build.definition.cubes.values()}
        return (
            f"none asks for what this release counts, {', '.join(sorted(rules))}; their victims are persons, each once"
        )
    return None
