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
_FARTHEST = 10_000  # periods


@router.get("/board")
def overview(request: Request, site: SiteOf, back: int = 0) -> Response:
    """The board, without the ``back`` newest periods."""
    back = max(0, min(back, _FARTHEST))
    policy = load_policy(site.settings.schemas)
    contracts = [contract for contract in site.shelf.catalog.contracts.values() if not contract.draft]
    with site.transaction() as connection:
        grids, more = board.board(connection, contracts, policy, policy.day_of(site.clock()), back)
        refused, last = stewards.unanswered(connection), stewards.latest(connection, _SHOWN)
    return page(
        request, "board", grids=grids, states=board.STATES, refused=refused, last=last, titles=site.shelf.titles,
        older=back + board.PERIODS if more else None, newer=max(back - board.PERIODS, 0) if back else None,
    )  # fmt: skip
