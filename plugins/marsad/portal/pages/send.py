"""Sending a file: choose it, see the verdict of a dry run, send it, wait for the receipt."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from marsad.portal import asking, deliveries, uploads
from marsad.portal.accounts import SUBMITTER, Account
from marsad.portal.render import Entry, go, page, workbook
from marsad.portal.site import Site
from marsad.portal.uploads import Upload
from marsad.portal.verdict import shown_verdict
from marsad.portal.visitor import UPLOAD_PATH, Posted, SiteOf, Visiting, field, having

router = APIRouter(dependencies=[Depends(having(SUBMITTER))])
MENU = (Entry("menu.send", UPLOAD_PATH, (SUBMITTER,)),)
Submitter = Annotated[Account, Depends(having(SUBMITTER))]
_CHECKS = ThreadPoolExecutor(4, thread_name_prefix="check")
_AT_ONCE = 3.0  # seconds that the form waits for the verdict, so that most people never see a page that waits


@router.get(UPLOAD_PATH)
def choose(request: Request, account: Submitter, site: SiteOf, feed: str = "") -> Response:
    """The form."""
    return _form(request, site, account, chosen=feed)


def _form(request: Request, site: Site, account: Account, chosen: str = "", fault: str | None = None) -> Response:
    offers = site.shelf.offers(account)
    status, limit = 422 if fault else 200, site.policy.upload_bytes
    return page(request, "send", status, offers=offers, chosen=chosen, fault=fault, limit=limit)


@router.post(UPLOAD_PATH)
def receive(request: Request, account: Submitter, form: Posted, site: SiteOf) -> Response:
    """Keeps the file aside and has it judged; nothing is sent yet."""
    provider, _, feed = field(form, "what").partition("|")
    file = form.get("file")
    if (provider, feed) not in {(name, contract.feed) for name, contract in site.shelf.offers(account)}:
        return _form(request, site, account, fault="send.choose_feed")
    if not isinstance(file, UploadFile) or not file.filename:
        return _form(request, site, account, chosen=feed, fault="send.choose_file")
    if not file.size:
        return _form(request, site, account, chosen=feed, fault="send.empty_file")
    uploads.sweep(site, site.clock(), account)
    upload_id = uploads.take(site, account, feed, provider, file.filename, file.file)
    upload = _own(site, account, upload_id)
    checked: Future[None] = _CHECKS.submit(uploads.check, site, upload)
    wait_for([checked], _AT_ONCE)
    return go(f"/uploads/{upload_id}")


@router.get("/uploads/{upload_id}")
def look(request: Request, upload_id: UUID, account: Submitter, site: SiteOf, who: Visiting) -> Response:
    """Where the file stands: being judged, judged, on its way; on to the delivery when its receipt is there."""
    upload = _own(site, account, str(upload_id))
    if upload.state == "sent":
        delivery_id, done = _became(site, account, upload)
        if done:
            return go(f"/deliveries/{delivery_id}")
    verdict = shown_verdict(upload.verdict, who.language) if upload.verdict else None
    minutes = int(site.policy.upload_kept.total_seconds() // 60)
    contract = site.shelf.catalog.contracts.get(upload.feed)
    return page(
        request, "upload", upload=upload, verdict=verdict, contract=contract, minutes=minutes,
        longest=asking.SECONDS // 60,
    )  # fmt: skip


@router.get("/uploads/{upload_id}/state")
def state(upload_id: UUID, account: Submitter, site: SiteOf) -> dict[str, Any]:
    """What the page that waits asks every second: it is loaded anew when the answer changes."""
    upload = _own(site, account, str(upload_id))
    done = upload.state == "sent" and _became(site, account, upload)[1]
    return {"state": "done" if done else upload.state}


@router.get("/uploads/{upload_id}/workbook")
def marked(upload_id: UUID, account: Submitter, site: SiteOf, who: Visiting) -> Response:
    """The sender's own workbook, or one made of the CSV, with the cells to correct marked."""
    upload = _own(site, account, str(upload_id))
    content = uploads.marked(site, upload, who.language)
    if content is None:
        raise HTTPException(404)
    deliveries.note(site, account, "workbook.downloaded", f"upload:{upload_id}", language=who.language)
    return workbook(content, upload.feed, str(upload_id)[-6:], who.language)


@router.post("/uploads/{upload_id}/send")
def send(upload_id: UUID, account: Submitter, site: SiteOf) -> Response:
    """Puts the file in the inbox; Airflow takes it from there."""
    uploads.send(site, account, _own(site, account, str(upload_id)))
    return go(f"/uploads/{upload_id}")


@router.post("/uploads/{upload_id}/drop")
def drop(upload_id: UUID, account: Submitter, site: SiteOf) -> Response:
    """Forgets the file."""
    upload = _own(site, account, str(upload_id))
    uploads.drop(site, upload)
    return go(f"{UPLOAD_PATH}?feed={upload.feed}")


def _own(site: Site, account: Account, upload_id: str) -> Upload:
    with site.transaction() as connection:
        upload = uploads.find(connection, account, upload_id)
    covered = {(provider, contract.feed) for provider, contract in site.shelf.covered(account)}
    if upload is None or (upload.provider, upload.feed) not in covered:
        raise HTTPException(404)
    return upload


def _became(site: Site, account: Account, upload: Upload) -> tuple[str | None, bool]:
    with site.transaction() as connection:
        return deliveries.became(connection, site.shelf, account, upload)
