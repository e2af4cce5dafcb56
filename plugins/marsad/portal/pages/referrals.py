"""Referrals: an officer sends a person to another body, whose officers answer; either ends it. No free text."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from marsad import audit
from marsad.portal.accounts import CASE_OFFICER, COMMISSION, Account, bodies_with_officers
from marsad.portal.pages.persons import (
    FARTHEST,
    KINDS_OF_SERVICE,
    Officer,
    labels,
    one_page,
    pages_beside,
    register_of,
)
from marsad.portal.render import Entry, go, page
from marsad.portal.site import Site
from marsad.portal.visitor import Posted, SiteOf, Visiting, Visitor, field, having
from marsad.register import referrals, retention
from marsad.warehouse import own_persons

router = APIRouter()
MENU = (Entry("menu.referrals", "/referrals", (CASE_OFFICER, COMMISSION)),)
Worker = Annotated[Account, Depends(having(CASE_OFFICER))]


@router.get("/referrals")
def overview(request: Request, account: Officer, site: SiteOf, who: Visiting, skip: int = 0) -> Response:
    """What was sent to the account's bodies and by them; what waits for their answer first."""
    skip = max(0, min(skip, FARTHEST))
    with register_of(site, account, who) as connection:
        rows = referrals.listed(connection, () if COMMISSION in account.roles else account.bodies, skip)
    older, newer = pages_beside(skip, len(rows), referrals.SHOWN)
    return page(
        request, "referrals", rows=rows[: referrals.SHOWN], older=older, newer=newer, own=account.bodies,
        terms=retention.load_policy(site.settings.schemas).referrals, label=labels(site, who.language),
    )  # fmt: skip


@router.post("/persons/{person}/referrals")
def send(request: Request, person: UUID, account: Worker, form: Posted, site: SiteOf, who: Visiting) -> Response:
    """Sends a person to another body for a kind of service; where that cannot be, her page says why."""
    said = {name: field(form, name) for name in ("sender", "receiver", "kind")}
    if said["kind"] not in site.shelf.catalog.codelists[KINDS_OF_SERVICE].codes:
        raise HTTPException(400)
    with site.transaction() as connection:
        own_persons.prove(connection, _token(who))
        if said["receiver"] not in bodies_with_officers(connection):
            raise HTTPException(400)
        sent = referrals.refer(connection, str(person), **said, actor=account.actor, at=site.clock())
        if sent is not None:
            _note(connection, site, account, "referral.sent", str(person), referral=sent, **said)
            return go(f"/persons/{person}")
    with register_of(site, account, who) as connection:
        waits = referrals.waits(connection, str(person), **said)
    note = "referral.is_sent" if waits else "referral.refused"
    return one_page(request, person, account, site, who, status=409, note=note)


@router.post("/referrals/{referral}")
def answer(referral: UUID, account: Worker, form: Posted, site: SiteOf, who: Visiting) -> Response:
    """Accepts or declines what was sent to a body of the account's, withdraws what one of them sent, ends either."""
    said = field(form, "said")
    with site.transaction() as connection:
        own_persons.prove(connection, _token(who))
        person = referrals.answer(connection, str(referral), said, account.actor, site.clock())
        if person is None:
            raise HTTPException(409)
        _note(connection, site, account, f"referral.{said}", person, referral=str(referral))
    return go("/referrals")


def _token(who: Visitor) -> str:
    assert who.session is not None  # noqa: S101 - there is an account
    return who.session.token


def _note(connection: sa.Connection, site: Site, account: Account, action: str, person: str, **detail: Any) -> None:  # noqa: ANN401
    audit.append(connection, account.actor, action, person, detail, site.clock())
