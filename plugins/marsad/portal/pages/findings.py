"""One delivery for stewards: verdict, findings and receipt, never what a cell held; giving it back, admitting it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from marsad.audit import is_genuine
from marsad.errors import UsageFault
from marsad.identity.keys import PublicKeys
from marsad.intake import admission
from marsad.portal import deliveries, returned, stewards
from marsad.portal.accounts import STEWARD, Account
from marsad.portal.render import Entry, go, page
from marsad.portal.site import Site
from marsad.portal.verdict import shown_verdict
from marsad.portal.visitor import Posted, SiteOf, Visiting, field, having

router = APIRouter(prefix="/findings", dependencies=[Depends(having(STEWARD))])
MENU: tuple[Entry, ...] = ()
Steward = Annotated[Account, Depends(having(STEWARD))]


@router.get("/{delivery_id}")
def look(request: Request, delivery_id: UUID, account: Steward, site: SiteOf, who: Visiting) -> Response:
    """The page."""
    found = _settled(site, str(delivery_id))
    deliveries.note(site, account, "delivery.viewed", f"delivery:{delivery_id}")
    return _show(request, site, found, who.language)


@router.post("/{delivery_id}/return")
def give_back(
    request: Request, delivery_id: UUID, account: Steward, form: Posted, site: SiteOf, who: Visiting
) -> Response:
    """Gives a refused file back to its sender with a note, which stands on the sender's page of the file."""
    found, note = _settled(site, str(delivery_id)), field(form, "note")
    try:
        with site.transaction() as connection:
            returned.give_back(connection, str(delivery_id), note, account, site.clock())
    except UsageFault:
        return _show(request, site, found, who.language, wrong=note)
    return go(f"/findings/{delivery_id}")


@router.post("/{delivery_id}/admit")
def admit(request: Request, delivery_id: UUID, account: Steward, form: Posted, site: SiteOf, who: Visiting) -> Response:
    """Has the good rows of a refused file loaded: the next drain judges it again and sets the refusal aside."""
    found, note, id_ = _settled(site, str(delivery_id)), field(form, "note"), str(delivery_id)
    try:
        with site.transaction() as connection:
            admission.decide(connection, id_, field(form, "reason"), note, account.actor, site.clock())
    except UsageFault:
        return _show(request, site, found, who.language, wrong=note, about="admit")
    return go(f"/findings/{delivery_id}")


def _settled(site: Site, delivery_id: str) -> dict[str, Any]:
    """What ``stewards.one`` says, with notes and admission; HTTPException 404 where there is no verdict yet."""
    with site.transaction() as connection:
        found = stewards.one(connection, delivery_id)
        notes = returned.notes(connection, delivery_id)
        admitted = admission.of(connection, delivery_id)
        admittable = admitted is None and admission.is_admittable(connection, delivery_id)
        instead = deliveries.instead(connection, delivery_id)
    if found is None or found["receipt"] is None:
        raise HTTPException(404)
    return {**found, "notes": notes, "admitted": admitted, "admittable": admittable, "instead": instead}


def _show(
    request: Request, site: Site, found: dict[str, Any], language: str, wrong: str | None = None, about: str = "return"
) -> Response:
    """The page; ``wrong`` is a note that could not be taken by the form ``about``."""
    receipt = found["receipt"]
    return page(
        request, "findings", 200 if wrong is None else 422, wrong=wrong, about=about,
        longest=admission.LONGEST, reasons=admission.REASONS, admitted=found["admitted"],
        admittable=found["admittable"], receipt=receipt, state=found["status"], received_at=found["received_at"],
        notes=found["notes"], instead=found["instead"],
        verdict=shown_verdict(deliveries.report(site, receipt), language),
        genuine=is_genuine(receipt, PublicKeys.open(site.settings.place("keys")).verifier),
        titles=site.shelf.titles,
    )  # fmt: skip
