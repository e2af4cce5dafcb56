"""The register's pages: persons that an account may see, one person's path, how long persons wait.

A name is on one page alone: a person's, for a reason, by the process that opens records (``portal.looker``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from marsad import audit
from marsad.portal import asking, persons
from marsad.portal.accounts import CASE_OFFICER, COMMISSION, Account, bodies_with_officers
from marsad.portal.persons import PAGE
from marsad.portal.render import Entry, go, page
from marsad.portal.site import Site
from marsad.portal.visitor import Posted, SiteOf, Visiting, Visitor, field, having
from marsad.register import opened, path
from marsad.warehouse.model import common_model

router = APIRouter()
MENU = (
    Entry("menu.persons", "/persons", (CASE_OFFICER, COMMISSION)),
    Entry("menu.waiting", "/waiting", (COMMISSION,)),
)
Officer = Annotated[Account, Depends(having(CASE_OFFICER, COMMISSION))]
FARTHEST = 1_000_000
_LONGEST = 200  # characters of a number
KINDS_OF_SERVICE = "service_type"
TOO_OFTEN = "look.too_often"
_VICTIM, _SERVICE = (common_model()[entity].fields for entity in ("victim", "service"))
# What a step says besides its day; of a stay it is the shelter's own code.
_DETAILS = {
    "detection": _VICTIM["detection_source"], "referral_from": _VICTIM["referred_from"],
    "identification": _VICTIM["deciding_body"], "referral_to": _VICTIM["referred_to"],
    "return": _VICTIM["return_country"], "service": _SERVICE["kind"], "reintegration": _SERVICE["kind"],
}  # fmt: skip


@router.get("/persons")
def overview(request: Request, account: Officer, site: SiteOf, who: Visiting, skip: int = 0) -> Response:
    """Persons, the last met first."""
    skip = max(0, min(skip, FARTHEST))
    with register_of(site, account, who) as connection:
        rows = persons.listed(connection, skip)
    older, newer = pages_beside(skip, len(rows), PAGE)
    return _list(request, site, who, rows, older=older, newer=newer)


def pages_beside(skip: int, found: int, shown: int) -> tuple[int | None, int | None]:
    """How many rows the page of what is older skips, and the one of what is newer; None where there is none."""
    return skip + shown if found > shown else None, max(skip - shown, 0) if skip else None


@router.post("/persons")
def find(request: Request, account: Officer, form: Posted, site: SiteOf, who: Visiting) -> Response:
    """Persons of whom a body has a record with a number; asked in a form, since addresses are kept in logs."""
    number = field(form, "number").strip()[:_LONGEST]
    with register_of(site, account, who) as connection:
        rows = persons.listed(connection, 0, number) if number else []
    return _list(request, site, who, rows, number=number)


@router.get("/persons/named", dependencies=[Depends(having(CASE_OFFICER, COMMISSION))])
def find_anew() -> Response:
    """Who chose another language there, or came back, begins anew: what was asked for is kept nowhere."""
    return go("/persons")


@router.post("/persons/named")
def find_by_name(request: Request, account: Officer, form: Posted, site: SiteOf, who: Visiting) -> Response:
    """Persons with a name like the one asked, in the other script too; another process finds them."""
    name, born, reason = (field(form, one).strip()[:_LONGEST] for one in ("name", "born", "reason"))
    if not name or reason not in _reasons(site) or who.session is None:
        raise HTTPException(400)
    try:
        found = asking.named(site.looker, who.session.token, name, born, reason)
    except asking.TooOften:
        return _list(request, site, who, (), by_name=True, status=429, note=TOO_OFTEN)
    if found is None:
        return _list(request, site, who, (), by_name=True, status=503, note="persons.failed")
    with register_of(site, account, who) as connection:
        rows = persons.these(connection, found)
    return _list(request, site, who, rows, by_name=True)


def _list(
    request: Request, site: Site, who: Visitor, rows: Sequence[Mapping[str, Any]], *, number: str = "",
    older: int | None = None, newer: int | None = None, by_name: bool = False, status: int = 200,
    note: str | None = None,
) -> Response:  # fmt: skip
    return page(
        request, "persons", status, rows=rows[:PAGE], older=older, newer=newer, number=number,
        by_name=by_name, note=note, reasons=_reasons(site), label=labels(site, who.language),
    )  # fmt: skip


def _reasons(site: Site) -> Sequence[str]:
    return opened.load_looks(site.settings.schemas).reasons


@router.get("/persons/{person}")
def one(request: Request, person: UUID, account: Officer, site: SiteOf, who: Visiting) -> Response:
    """One person's path, what is believed of her and why; the look is audited."""
    return one_page(request, person, account, site, who)


@router.post("/persons/{person}")
def identity(request: Request, person: UUID, account: Officer, form: Posted, site: SiteOf, who: Visiting) -> Response:
    """The same with who she is, for a reason; another process opens the vault, and finds out who asks by itself."""
    reason = field(form, "reason")
    if reason not in _reasons(site) or who.session is None:
        raise HTTPException(400)
    try:
        said = asking.identity(site.looker, who.session.token, str(person), reason, who.language)
    except asking.TooOften:
        return one_page(request, person, account, site, who, status=429, note=TOO_OFTEN)
    if said is None:
        return one_page(request, person, account, site, who, status=503, note="person.identity.failed")
    return one_page(request, person, account, site, who, said=said)


def one_page(
    request: Request, person: UUID, account: Account, site: Site, who: Visitor, *,
    said: Sequence[Mapping[str, Any]] | None = None, status: int = 200, note: str | None = None,
) -> Response:  # fmt: skip
    """Her page, with who she is where that was ``said``, and above all the words of ``note``; the look is audited."""
    with register_of(site, account, who) as connection:
        told = path.history(connection, str(person))
    if told is None:
        raise HTTPException(404)
    with site.transaction() as connection:
        receivers = [body for body in bodies_with_officers(connection) if body not in account.bodies]
        audit.append(connection, account.actor, "person.viewed", str(person), {}, site.clock())
    return page(
        request, "person", status, one=told, said=said, note=note,
        reasons=_reasons(site), titles=site.shelf.titles, details=_DETAILS,
        fields=_VICTIM, receivers=receivers, services=site.shelf.catalog.codelists[KINDS_OF_SERVICE].codes,
        senders=sorted({*account.bodies} & {key.provider for key in told.records}), label=labels(site, who.language),
    )  # fmt: skip


@router.get("/waiting")
def waits(
    request: Request, account: Annotated[Account, Depends(having(COMMISSION))], site: SiteOf, who: Visiting
) -> Response:
    """How long persons wait, whom one agency alone knows, how full shelters are."""
    with register_of(site, account, who) as connection:
        return page(
            request, "waiting", waiting=persons.waiting(connection), alone=persons.alone(connection),
            shelters=persons.shelters(connection), label=labels(site, who.language),
        )  # fmt: skip


def register_of(site: Site, account: Account, who: Visitor) -> AbstractContextManager[sa.Connection]:
    """A transaction on the register as the account may see it."""
    assert who.session is not None  # noqa: S101 - there is an account
    return site.seeing(COMMISSION if COMMISSION in account.roles else CASE_OFFICER, who.session.token)


def labels(site: Site, language: str) -> Callable[[str | None, Any], str]:
    """``label(scheme, code)``: a code, or several, in words of ``language``; a code that no list knows as it is."""
    return partial(_label, site, language)


def _label(site: Site, language: str, scheme: str | None, code: Any) -> str:  # noqa: ANN401 - a value of a column
    if isinstance(code, list):
        return ("، " if language == "ar" else ", ").join(_label(site, language, scheme, each) for each in code)
    known = site.shelf.catalog.codelists[scheme].codes.get(code) if scheme else None
    return known.labels.get(language, code) if known else str(code)
