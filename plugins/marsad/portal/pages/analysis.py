"""What analysts read of marts: contradictions between published figures, quality by sender, the dictionary."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from marsad.contracts.wording import word
from marsad.portal import analysis
from marsad.portal.accounts import ANALYST
from marsad.portal.analysis import PAGE
from marsad.portal.pages.persons import FARTHEST, labels, pages_beside
from marsad.portal.render import Entry, go, page
from marsad.portal.visitor import Posted, SiteOf, Visiting, field, having

router = APIRouter(dependencies=[Depends(having(ANALYST))])
MENU = (
    Entry("menu.contradictions", "/contradictions", (ANALYST,)),
    Entry("menu.quality", "/quality", (ANALYST,)),
    Entry("menu.dictionary", "/dictionary", (ANALYST,)),
)
KINDS = ("contradiction", "explained", "suspicious")
_RULES = 20


@router.get("/contradictions")
def contradictions(
    request: Request, site: SiteOf, who: Visiting, year: str = "", country: str = "", indicator: str = "", skip: int = 0
) -> Response:
    """Published figures that do not go together, the gravest first."""
    skip, chosen = max(0, min(skip, FARTHEST)), {"year": year, "country": country, "indicator": indicator}
    with site.analysing() as connection:
        rows = analysis.contradictions(connection, chosen, skip)
        found, choices = analysis.kinds(connection, chosen), analysis.choices(connection)
    older, newer = pages_beside(skip, len(rows), PAGE)
    return page(
        request, "contradictions", rows=rows[:PAGE], found=[(kind, found.get(kind, 0)) for kind in KINDS],
        chosen=chosen, older=older, newer=newer, asked=urlencode({name: text for name, text in chosen.items() if text}),
        label=labels(site, who.language), **choices,
    )  # fmt: skip


@router.post("/contradictions")
def choose(form: Posted) -> Response:
    """On to the contradictions of what the form chose."""
    chosen = {name: field(form, name) for name in ("year", "country", "indicator")}
    return go(f"/contradictions?{urlencode({name: text for name, text in chosen.items() if text})}")


@router.get("/quality")
def quality(request: Request, site: SiteOf, who: Visiting) -> Response:
    """What each sender sent, how much of it was refused, how much came in time, and which rules are broken most."""
    with site.analysing() as connection:
        senders, (since, broken) = analysis.senders(connection), analysis.broken(connection, _RULES)
    severities = {code: word(f"severity.{code}", who.language) for code in ("critical", "warning")}
    return page(
        request, "quality", senders=senders, since=since, broken=broken, titles=site.shelf.titles, severities=severities
    )  # fmt: skip


@router.get("/dictionary")
def dictionary(request: Request, site: SiteOf, who: Visiting) -> Response:
    """What every column of marts and releases means."""
    with site.analysing() as connection:
        return page(request, "dictionary", views=analysis.dictionary(connection, who.language))
