"""The first page: what is due, what came of the last files; also "nothing to report"."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from marsad.intake.quiet import declare
from marsad.portal import deliveries
from marsad.portal.accounts import SUBMITTER
from marsad.portal.render import Entry, go, page
from marsad.portal.visitor import Posted, SignedIn, SiteOf, field, having

router = APIRouter()
MENU = (Entry("menu.home", "/"),)
_SHOWN = 5


@router.get("/")
def home(request: Request, account: SignedIn, site: SiteOf, quiet: str = "", period: str = "") -> Response:
    """What waits for the one who signed in; ``quiet`` is the feed of which a click has just entered ``period``.

    An address says that as well, whoever wrote it: it is repeated only where the ledger has it.
    """
    with site.transaction() as connection:
        due = deliveries.expected(connection, site, account)
        last = deliveries.recent(connection, site.shelf, account, _SHOWN)
        if quiet and (quiet, period) not in deliveries.quiet(connection, site.shelf, account):
            quiet = ""
    return page(request, "home", due=due, last=last, titles=site.shelf.titles, quiet=quiet, period=period)


@router.post("/quiet", dependencies=[Depends(having(SUBMITTER))])
def nothing_to_report(request: Request, account: SignedIn, form: Posted, site: SiteOf) -> Response:
    """Enters that a provider has nothing of a feed for a period of its that is over, once that was asked again."""
    told = feed, provider, period = tuple(field(form, name) for name in ("feed", "provider", "period"))
    with site.transaction() as connection:
        expected = deliveries.expected(connection, site, account)
        if told not in {(slot.feed, slot.provider, slot.period.label) for slot in expected if slot.may_be_quiet}:
            raise HTTPException(404)
        if not field(form, "sure"):
            return page(request, "quiet", feed=feed, provider=provider, period=period, titles=site.shelf.titles)
        declare(connection, *told, account.actor, site.clock())
    return go(f"/?{urlencode({'quiet': feed, 'period': period})}")
