"""Spellings that no code list knows, counted by column: the cells themselves are sealed, and the portal has no key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from marsad.contracts.model import Contract
from marsad.portal import stewards
from marsad.portal.accounts import STEWARD
from marsad.portal.render import Entry, page
from marsad.portal.visitor import SiteOf, Visiting, having

router = APIRouter(dependencies=[Depends(having(STEWARD))])
MENU = (Entry("menu.spellings", "/spellings", (STEWARD,)),)


@router.get("/spellings")
def overview(request: Request, site: SiteOf, who: Visiting) -> Response:
    """How many cells wait, by dataset, column and provider, most first."""
    with site.transaction() as connection:
        rows = stewards.unmapped(connection)
    contracts = site.shelf.catalog.contracts
    for row in rows:
        row["title"] = _title(contracts, row, who.language)
    return page(request, "spellings", rows=rows, titles=site.shelf.titles)


def _title(contracts: Mapping[str, Contract], row: Mapping[str, Any], language: str) -> str:
    """What agencies call the column; its own name where the contract no longer has it."""
    columns = contracts[row["feed"]].columns if row["feed"] in contracts else ()
    return next((c.headers[language] for c in columns if c.name == row["column"]), row["column"])
