"""What was delivered: history, one delivery with its report, its receipt to print, downloads."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from marsad.audit import is_genuine
from marsad.contracts.model import REASONS
from marsad.errors import UsageFault
from marsad.identity.keys import KeyDestroyed, PublicKeys
from marsad.intake import admission, justifications
from marsad.portal import asking, deliveries, returned
from marsad.portal.accounts import STEWARD, SUBMITTER, Account
from marsad.portal.render import Entry, go, page, workbook
from marsad.portal.site import Site
from marsad.portal.verdict import shown_verdict
from marsad.portal.visitor import Posted, SiteOf, Visiting, Visitor, field, having

router = APIRouter(prefix="/deliveries")
MENU = (Entry("menu.history", "/deliveries", (SUBMITTER,)),)
Submitter = Annotated[Account, Depends(having(SUBMITTER))]
Reader = Annotated[Account, Depends(having(SUBMITTER, STEWARD))]
_PAGE = 50
_DIGITS = 9  # of a row's number


@router.get("")
def history(request: Request, account: Submitter, site: SiteOf, skip: int = 0) -> Response:
    """All its deliveries, newest first."""
    skip = max(0, min(skip, 1_000_000))
    with site.transaction() as connection:
        rows = deliveries.recent(connection, site.shelf, account, _PAGE + 1, skip)
    older = skip + _PAGE if len(rows) > _PAGE else None
    newer = max(skip - _PAGE, 0) if skip else None
    return page(request, "history", rows=rows[:_PAGE], older=older, newer=newer, titles=site.shelf.titles)


@router.get("/{delivery_id}")
def delivery(request: Request, delivery_id: UUID, account: Reader, site: SiteOf, who: Visiting) -> Response:
    """One delivery: verdict, what to do, where; and what waits for a reason. Of others' a steward has its own page."""
    found = _found(site, account, str(delivery_id))
    if found is None and STEWARD in account.roles:
        return go(f"/findings/{delivery_id}")
    if found is None:
        raise HTTPException(404)
    deliveries.note(site, account, "delivery.viewed", f"delivery:{delivery_id}")
    return _show(request, site, str(delivery_id), found, who)


@router.post("/{delivery_id}/confirm")
def confirm(
    request: Request, delivery_id: UUID, account: Submitter, form: Posted, site: SiteOf, who: Visiting
) -> Response:
    """Keeps the reason why what a rule doubts is right: in one row, or in all that wait for one."""
    found = _own(site, account, str(delivery_id))
    rule, reason, row = field(form, "rule"), field(form, "reason"), _row(field(form, "row").strip())
    reasons = site.shelf.catalog.codelists[REASONS]
    try:
        with site.transaction() as connection:
            justifications.confirm(
                connection, reasons, str(delivery_id), rule, reason, account.actor, site.clock(), row
            )
    except UsageFault:
        return _show(request, site, str(delivery_id), found, who, 422, fault="confirm.nothing")
    return go(f"/deliveries/{delivery_id}")


def _row(text: str) -> int | None:
    """The number of a row; None where the field is empty, 0 (no row has it) where no number stands in it."""
    return (int(text) if text.isdecimal() and len(text) <= _DIGITS else 0) if text else None


def _show(
    request: Request, site: Site, delivery_id: str, found: dict[str, Any], who: Visitor, status: int = 200,
    fault: str | None = None,
) -> Response:  # fmt: skip
    with site.transaction() as connection:
        notes = returned.notes(connection, delivery_id)
        admitted = admission.of(connection, delivery_id)
        instead = deliveries.instead(connection, delivery_id)
    receipt = found["receipt"]
    verdict = shown_verdict(deliveries.report(site, receipt), who.language) if receipt else None
    reasons = site.shelf.catalog.codelists[REASONS].codes.values()
    return page(
        request, "delivery", status, delivery_id=delivery_id, receipt=receipt, state=found["status"], fault=fault,
        received_at=found["received_at"], verdict=verdict, titles=site.shelf.titles, notes=notes, admitted=admitted,
        instead=instead, reasons=[(code.code, code.labels[who.language]) for code in reasons],
    )  # fmt: skip


@router.get("/{delivery_id}/workbook")
def marked(request: Request, delivery_id: UUID, account: Submitter, site: SiteOf, who: Visiting) -> Response:
    """What was sent, with the cells to correct marked; who made it audits that, and asks for itself who wants it."""
    found = _own(site, account, str(delivery_id))
    if found["receipt"] is None or who.session is None:
        raise HTTPException(404)
    if account.code_seed is None:  # it holds identities
        raise HTTPException(403)
    try:
        content = asking.opened(site.opener, who.session.token, str(delivery_id), who.language)
    except KeyDestroyed:
        return _show(request, site, str(delivery_id), found, who, 410, "delivery.workbook_gone")
    except asking.TooOften:
        return _show(request, site, str(delivery_id), found, who, 429, "delivery.workbook_too_often")
    if content is None:
        return _show(request, site, str(delivery_id), found, who, 503, "delivery.workbook_failed")
    return workbook(content, found["receipt"]["feed"], str(delivery_id)[-6:], who.language)


@router.get("/{delivery_id}/receipt")
def receipt(request: Request, delivery_id: UUID, account: Submitter, site: SiteOf, who: Visiting) -> Response:
    """The receipt, to print."""
    told = _receipt(site, account, str(delivery_id))
    deliveries.note(site, account, "receipt.viewed", f"delivery:{delivery_id}")
    genuine = is_genuine(told, PublicKeys.open(site.settings.place("keys")).verifier)
    verdict = shown_verdict({**told, "findings": []}, who.language)
    received = _own(site, account, str(delivery_id))["received_at"]
    return page(
        request, "receipt", receipt=told, received_at=received, genuine=genuine, verdict=verdict,
        titles=site.shelf.titles,
    )  # fmt: skip


@router.get("/{delivery_id}/receipt.json")
def receipt_json(delivery_id: UUID, account: Submitter, site: SiteOf) -> Response:
    """The receipt as the platform signed it."""
    told = _receipt(site, account, str(delivery_id))
    return _download(site, account, str(delivery_id), "receipt", json.dumps(told, ensure_ascii=False, indent=1))


@router.get("/{delivery_id}/report.json")
def report_json(delivery_id: UUID, account: Submitter, site: SiteOf) -> Response:
    """The report for programs."""
    told = deliveries.report(site, _receipt(site, account, str(delivery_id)))
    return _download(site, account, str(delivery_id), "report", json.dumps(told, ensure_ascii=False, indent=1))


def _download(site: Site, account: Account, delivery_id: str, kind: str, text: str) -> Response:
    deliveries.note(site, account, "delivery.downloaded", f"delivery:{delivery_id}", kind=kind)
    headers = {"content-disposition": f'attachment; filename="{kind}-{delivery_id}.json"'}
    return Response(text, media_type="application/json", headers=headers)


def _found(site: Site, account: Account, delivery_id: str) -> dict[str, Any] | None:
    with site.transaction() as connection:
        return deliveries.one(connection, site.shelf, account, delivery_id)


def _own(site: Site, account: Account, delivery_id: str) -> dict[str, Any]:
    found = _found(site, account, delivery_id)
    if found is None:
        raise HTTPException(404)
    return found


def _receipt(site: Site, account: Account, delivery_id: str) -> dict[str, Any]:
    told = _own(site, account, delivery_id)["receipt"]
    if told is None:
        raise HTTPException(404)
    return dict(told)
