"""Templates to fill in, for whoever sends the feed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import Response

from marsad.contracts.template import template
from marsad.portal import deliveries, words
from marsad.portal.accounts import SUBMITTER, Account
from marsad.portal.render import Entry, workbook
from marsad.portal.visitor import SiteOf, Visiting, having

router = APIRouter(prefix="/templates", dependencies=[Depends(having(SUBMITTER))])
MENU: tuple[Entry, ...] = ()


@router.get("/{agency}/{name}")
def download(
    agency: str,
    name: str,
    account: Annotated[Account, Depends(having(SUBMITTER))],
    site: SiteOf,
    who: Visiting,
    lang: str | None = None,
) -> Response:
    """The workbook to fill in, in the language asked for, else the visitor's."""
    feed, language = f"{agency}/{name}", words.choose(lang, who.language)
    offered = {contract.feed: contract for _, contract in site.shelf.offers(account)}
    if feed not in offered:
        raise HTTPException(404)
    content = template(offered[feed], site.shelf.catalog.codelists, language)
    deliveries.note(site, account, "template.downloaded", f"feed:{feed}", language=language)
    return workbook(content, feed, "template", language)
