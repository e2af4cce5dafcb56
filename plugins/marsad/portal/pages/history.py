"""What was delivered: history, one delivery with its report, its receipt to print, downloads."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from marsad.audit import is_genuine
from marsad.identity.keys import KeyDestroyed, PublicKeys
from marsad.intake import admission
from marsad.portal import asking, deliveries, returned
from marsad.portal.accounts import SUBMITTER, Account
from marsad.portal.render import Entry, page, workbook
from marsad.portal.site import Site
from marsad.portal.verdict import shown_verdict
from marsad.portal.visitor import SiteOf, Visiting, Visitor, having

router = APIRouter(prefix="/deliveries", dependencies=[Depends(having(SUBMITTER))])
MENU = (Entry("menu.history", "/deliveries", (SUBMITTER,)),)
Submitter = Annotated[Account, Depends(having(SUBMITTER))]
_PAGE = 50


@router.get("")
def history(request: Request, account: Submitter, site: SiteOf, skip: int = 0) -> Response:
    """All deliveries of its providers, newest first."""
    skip = max(0, min(skip, 1_000_000))
    with site.transaction() as connection:
        rows = deliveries.recent(connection, account, _PAGE + 1, skip)
    older = skip + _PAGE if len(rows) > _PAGE else None
    newer = max(skip - _PAGE, 0) if skip else None
    return page(request, "history", rows=rows[:_PAGE], older=older, newer=newer, titles=site.shelf.titles)


@router.get("/{delivery_id}")
def delivery(request: Request, delivery_id: UUID, account: Submitter, site: SiteOf, who: Visiting) -> Response:
    """One delivery: verdict, what to do, where."""
    found = _own(site, account, str(delivery_id))
    deliveries.note(site, account, "delivery.viewed", f"delivery:{delivery_id}")
    return _show(request, site, str(delivery_id), found, who)


def _show(
    request: Request, site: Site, delivery_id: str, found: dict[str, Any], who: Visitor, status: int = 200,
    fault: str | None = None,
) -> Response:  # fmt: skip
    with site.transaction() as connection:
        notes = returned.notes(connection, delivery_id)
        admitted = admission.of(connection, delivery_id)
    receipt = found["receipt"]
    verdict = shown_verdict(deliveries.report(site, receipt), who.language) if receipt else None
    return page(
        request, "delivery", status, delivery_id=delivery_id, receipt=receipt, state=found["status"], fault=fault,
        received_at=found["received_at"], verdict=verdict, titles=site.shelf.titles, notes=notes, admitted=admitted,
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
    if content is None:
        return _show(request, site, str(delivery_id), found, who, 503, "delivery.workbook_failed")
    return workbook(content, f"marsad-{str(delivery_id)[-6:]}-{who.language}.xlsx")


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


def _own(site: Site, account: Account, delivery_id: str) -> dict[str, Any]:
    with site.transaction() as connection:
        found = deliveries.one(connection, account, delivery_id)
    if found is None:
        raise HTTPException(404)
    return found


def _receipt(site: Site, account: Account, delivery_id: str) -> dict[str, Any]:
    told = _own(site, account, delivery_id)["receipt"]
    if told is None:
        raise HTTPException(404)
    return dict(told)
