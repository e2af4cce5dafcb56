"""A person signs or rejects a build; what is signed is handed out, and can be built again to the same bytes."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from marsad import audit
from marsad.audit import Head
from marsad.errors import PlatformFault, PolicyRefusal, UsageFault
from marsad.intake.office import Office
from marsad.linkage.access import reading
from marsad.statistics.releases import outbox, package, store
from marsad.statistics.releases.counted import as_known, count
from marsad.statistics.releases.store import Build
from marsad.statistics.releases.tables import content_hash


def sign(office: Office, build_id: str, by: str, note: str | None = None, account: str | None = None) -> Path:
    """Signs a build and writes its package below ``outbox/releases``; returns the folder. May be repeated.

    ``account`` is whose ``by`` is, where another name is printed; it stands in the audit, and neither may have built.

    Raises:
        UsageFault: there is no such build, it was decided already, or a review has no note.
        PolicyRefusal: it failed, or who built it wants to sign it.
        PlatformFault: built again it is not what was judged.
    """
    head = None
    with reading(office.engine, "publisher") as connection:
        store.alone(connection)
        build = store.read(connection, build_id)
        if (build.state, build.decided_by) != ("signed", by):  # else killed before its package was whole
            _may_be_signed(build, {by, account or by}, note, store.signed(connection, build.period))
            head = _decided(office, connection, build, "signed", by, note, account)
        signed = store.read(connection, build.build_id)
        store.seal(connection, signed.build_id, outbox.digest(package.files(signed).items()))
    if head:
        office.write_head_where_signed(head)
    return package.write(place(office), signed)


def place(office: Office) -> Path:
    """Where signed releases lie."""
    return outbox.releases(office.settings.place("outbox"))


def reject(office: Office, build_id: str, by: str, note: str | None = None, account: str | None = None) -> None:
    """Rejects a build; it stays, unpublished. Raises UsageFault if there is none, or it was decided already."""
    with reading(office.engine, "publisher") as connection:
        store.alone(connection)
        head = _decided(office, connection, store.read(connection, build_id), "rejected", by, note, account)
    office.write_head_where_signed(head)


def same_again(build: Build) -> bool:
    """Whether the build, made again from what was counted then, gives the bytes that were judged."""
    return content_hash(build.tables(), build.period.label) == build.sha256


def counted_again(office: Office, build: Build) -> bool:
    """Whether the marts of today, asked for what was known then, still count the same: of erased people too."""
    with reading(office.engine, "publisher") as connection:
        as_known(connection, build.as_of)
        return all(
            count(connection, build.definition.cubes[cube], base.columns, build.period) == base
            for cube, base in build.bases.items()
        )


def _may_be_signed(build: Build, who: set[str], note: str | None, out: list[Build]) -> None:
    if build.verdict == "fail":
        raise PolicyRefusal("the build failed: " + "; ".join(str(one["message"]["en"]) for one in build.broken))
    if build.built_by in who:
        raise PolicyRefusal(f"{build.built_by} built it: somebody else signs")
    if build.verdict == "review" and not note:
        raise UsageFault("a build under review is signed with --note: why it is published all the same")
    if {one.build_id for one in out} != set(build.reckoned):
        raise UsageFault(
            "another release was signed since this was built: build it again, so that it reckons with that one"
        )
    if not same_again(build):
        raise PlatformFault("built again it is not what was judged")


def _decided(
    office: Office, connection: sa.Connection, build: Build, state: str, by: str, note: str | None, account: str | None
) -> Head:
    at = office.clock()
    store.decide(connection, build, state, by, note, at)
    detail = {"release": build.name, "period": build.period.label, "number": build.number, "sha256": build.sha256}
    return audit.append(connection, account or by, f"release.{state}", build.build_id, detail, at)
