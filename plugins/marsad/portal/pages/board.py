"""What came of all that is expected, for stewards: feeds × periods, refused files, the newest files."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from marsad.intake.due import load_policy
from marsad.portal import board, stewards
from marsad.portal.accounts import STEWARD
from marsad.portal.render import Entry, page
from marsad.portal.visitor import SiteOf, having

router = APIRouter(dependencies=[Depends(having(STEWARD))])
MENU = (Entry("menu.board", "/board", (STEWARD,)),)
_SHOWN = 20


@router.get("/board")
def overview(request: Request, site: SiteOf) -> Response:
    """The board."""
    policy = load_policy(site.settings.schemas)
    contracts = [contract for contract in site.shelf.catalog.contracts.values() if not contract.draft]
    with site.transaction() as connection:
        grids = board.board(connection, contracts, policy, policy.day_of(site.clock()))
        refused, last = stewards.unanswered(connection), stewards.latest(connection, _SHOWN)
    return page(
        request, "board", grids=grids, states=board.STATES, refused=refused, last=last, titles=site.shelf.titles
    )  # fmt: skip
