"""What analysts see drawn: signed numbers by period and on a map, and how far persons came on the path."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from marsad.portal import analysis, published, tiles
from marsad.portal.accounts import ANALYST
from marsad.portal.pages.persons import labels
from marsad.portal.pages.releases import cell_labels
from marsad.portal.render import Entry, page
from marsad.portal.visitor import SiteOf, Visiting, having

router = APIRouter(dependencies=[Depends(having(ANALYST))])
MENU = (
    Entry("menu.trends", "/trends", (ANALYST,)),
    Entry("menu.map", "/map", (ANALYST,)),
    Entry("menu.path", "/path", (ANALYST,)),
)


@router.get("/trends")
def trends(request: Request, site: SiteOf, who: Visiting) -> Response:
    """Of each release what it counts, by each dimension alone, over the periods that were signed."""
    lists = site.shelf.catalog.codelists
    with site.analysing() as connection:
        shown = [
            (release, [(chart, published.trends(connection, release, chart, lists))
                       for chart in published.charts(published.tables(connection, release, lists), lists)])
            for release in published.newest(connection)
        ]  # fmt: skip
    return page(
        request, "trends", shown=shown, label=labels(site, who.language), cell=cell_labels(site, who.language),
        titles=site.shelf.titles,
    )  # fmt: skip


@router.get("/map")
def regions(request: Request, site: SiteOf, who: Visiting) -> Response:
    """Of each release that counts by region the newest period, a tile a region."""
    lists, grid = site.shelf.catalog.codelists, tiles.load(site.settings.schemas)
    with site.analysing() as connection:
        found = [
            (release, chart, name, values)
            for release in published.newest(connection)
            for chart in published.charts(published.tables(connection, release, lists), lists)
            for name, (scheme, values) in chart.bars.items() if scheme == grid.scheme
        ]  # fmt: skip
    return page(
        request, "map", shown=[(*one, grid.drawn(one[3])) for one in found], grid=grid,
        label=labels(site, who.language), cell=cell_labels(site, who.language), titles=site.shelf.titles,
    )  # fmt: skip


@router.get("/path")
def path(request: Request, site: SiteOf, who: Visiting) -> Response:
    """How many persons of each year came to which step, and how long that took."""
    with site.analysing() as connection:
        years = analysis.path(connection)
    return page(request, "path", years=years, label=labels(site, who.language), titles=site.shelf.titles)
