"""One delivery for stewards: its verdict, its findings and its receipt; never what a cell held."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from marsad.audit import is_genuine
from marsad.identity.keys import PublicKeys
from marsad.portal import deliveries, stewards
from marsad.portal.accounts import STEWARD, Account
from marsad.portal.render import Entry, page
from marsad.portal.verdict import shown_verdict
from marsad.portal.visitor import SiteOf, Visiting, having

router = APIRouter(prefix="/findings", dependencies=[Depends(having(STEWARD))])
MENU: tuple[Entry, ...] = ()
Steward = Annotated[Account, Depends(having(STEWARD))]


@router.get("/{delivery_id}")
def look(request: Request, delivery_id: UUID, account: Steward, site: SiteOf, who: Visiting) -> Response:
    """The page."""
    with site.transaction() as connection:
        found = stewards.one(connection, str(delivery_id))
    if found is None or found["receipt"] is None:
        raise HTTPException(404)
    deliveries.note(site, account, "delivery.viewed", f"delivery:{delivery_id}")
    receipt = found["receipt"]
    return page(
        request, "findings", receipt=receipt, state=found["status"], received_at=found["received_at"],
        verdict=shown_verdict(deliveries.report(site, receipt), who.language),
        genuine=is_genuine(receipt, PublicKeys.open(site.settings.place("keys")).verifier),
        titles=site.shelf.titles,
    )  # fmt: skip
