"""Releases for analysts: their history, one with its tables, and its files as they were signed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from marsad.portal import deliveries, published, words
from marsad.portal.accounts import ANALYST, Account
from marsad.portal.pages.persons import labels
from marsad.portal.published import Table
from marsad.portal.render import Entry, page
from marsad.portal.site import Site
from marsad.portal.visitor import SiteOf, Visiting, having
from marsad.statistics.disclosure.cells import ALONE, TOTAL
from marsad.statistics.releases import outbox

router = APIRouter(prefix="/releases")
MENU = (Entry("menu.releases", "/releases", (ANALYST,)),)
WHOLE = "package.zip"
_OF_MARTS = {"unknown": "person.unknown", "several": "release.several"}  # codes that marts add to those of lists
_LONGEST = 400  # rows of a table on a page; its file has them all
_KINDS = {
    "csv": "text/csv; charset=utf-8", "json": "application/json", "jsonld": "application/ld+json",
    "parquet": "application/vnd.apache.parquet", "zip": "application/zip",
}  # fmt: skip
Analyst = Annotated[Account, Depends(having(ANALYST))]


@router.get("", dependencies=[Depends(having(ANALYST))])
def history(request: Request, site: SiteOf) -> Response:
    """All signed releases."""
    with site.analysing() as connection:
        return page(request, "releases", releases=published.listed(connection))


@router.get("/{build_id}", dependencies=[Depends(having(ANALYST))])
def one(request: Request, build_id: UUID, site: SiteOf, who: Visiting) -> Response:
    """One signed release with its tables."""
    release, tables = _read(site, str(build_id))
    return page(
        request, "release", release=release, tables=tables, most=_LONGEST, label=labels(site, who.language),
        cell=cell_labels(site, who.language), titles=site.shelf.titles, whole=WHOLE,
        files=sorted(_files(site, release, tables)),
    )  # fmt: skip


@router.get("/{build_id}/{name}")
def file(build_id: UUID, name: str, account: Analyst, site: SiteOf) -> Response:
    """A file of the package of a signed release, or all of them."""
    release, tables = _read(site, str(build_id))
    files = _files(site, release, tables)
    if not files or name not in {WHOLE, *files}:
        raise HTTPException(404)
    deliveries.note(site, account, "release.downloaded", f"release:{build_id}", file=name)
    called = f"{release['name']}-{release['period']}-{release['number']}-{name}"
    headers = {"content-disposition": f'attachment; filename="{called}"'}
    content = _zipped(files) if name == WHOLE else files[name]
    return Response(content, media_type=_KINDS.get(name.rpartition(".")[2]), headers=headers)


def _read(site: Site, build_id: str) -> tuple[dict[str, Any], list[Table]]:
    with site.analysing() as connection:
        release = published.one(connection, build_id)
        if release is None:
            raise HTTPException(404)
        return release, published.tables(connection, release, site.shelf.catalog.codelists)


def _files(site: Site, release: Mapping[str, Any], tables: list[Table]) -> dict[str, bytes]:
    """What lies in the outbox, if it is what was signed."""
    place = outbox.folder(
        outbox.releases(site.settings.place("outbox")), release["name"], release["period"], release["number"]
    )
    return outbox.package(place, [table.told["name"] for table in tables], release["package_sha256"])


def _zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def cell_labels(site: Site, language: str) -> Callable[[str, str], str]:
    """``cell(scheme, code)``: what a code of a cell means, in words of ``language``."""
    return partial(_cell_label, words.speaker(language), labels(site, language))


def _cell_label(t: words.Word, label: Callable[[str, str], str], scheme: str, code: str) -> str:
    if code == TOTAL:
        return t("release.total")
    if code.endswith(ALONE):
        return t("release.alone", code=label(scheme, code.removesuffix(ALONE)))
    if label(scheme, code) == code in _OF_MARTS:
        return t(_OF_MARTS[code])
    return label(scheme, code)
