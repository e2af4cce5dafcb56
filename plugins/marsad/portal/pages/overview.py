"""The newest numbers that may be passed on: of each release its last period, drawn, each with its counting rule."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from marsad.portal import published
from marsad.portal.accounts import ANALYST
from marsad.portal.pages.persons import labels
from marsad.portal.pages.releases import cell_labels
from marsad.portal.render import Entry, page
from marsad.portal.visitor import SiteOf, Visiting, having

router = APIRouter(dependencies=[Depends(having(ANALYST))])
MENU = (Entry("menu.overview", "/overview", (ANALYST,)),)


@router.get("/overview")
def overview(request: Request, site: SiteOf, who: Visiting) -> Response:
    """Of each release the newest period: the total, how it moved, and by each dimension alone."""
    lists = site.shelf.catalog.codelists
    with site.analysing() as connection:
        shown = [
            (release, [(chart, published.course(connection, release, chart))
                       for chart in published.charts(published.tables(connection, release, lists), lists)])
            for release in published.newest(connection)
        ]  # fmt: skip
    return page(
        request, "overview", shown=shown, label=labels(site, who.language), cell=cell_labels(site, who.language),
        titles=site.shelf.titles,
    )  # fmt: skip
