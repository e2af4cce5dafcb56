"""Accounts and their rights, for administrators."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from marsad.errors import UsageFault
from marsad.portal import accounts, words
from marsad.portal.accounts import ADMINISTRATOR, CASE_OFFICER, FOR_A_BODY, ROLES, SUBMITTER, Account, Right
from marsad.portal.render import Entry, go, page
from marsad.portal.site import Site
from marsad.portal.visitor import Posted, SiteOf, field, having

router = APIRouter(prefix="/accounts", dependencies=[Depends(having(ADMINISTRATOR))])
MENU = (Entry("menu.accounts", "/accounts", (ADMINISTRATOR,)),)
Administrator = Annotated[Account, Depends(having(ADMINISTRATOR))]
_BETWEEN = re.compile("[,،]")
_Strangers = Mapping[str, str | None]
OTHER_ROLES = tuple(role for role in ROLES if role not in FOR_A_BODY)


@router.get("")
def overview(request: Request, site: SiteOf) -> Response:
    """All accounts."""
    with site.transaction() as connection:
        return page(request, "accounts", accounts=accounts.every(connection), now=site.clock())


@router.get("/new")
def new(request: Request, site: SiteOf) -> Response:
    """The form for a new account."""
    return page(request, "account_new", **_choices(site), fault=None, strangers=None, email="", name="")


@router.post("/new")
def add(request: Request, administrator: Administrator, form: Posted, site: SiteOf) -> Response:
    """Makes an account and shows its invitation, once."""
    email, name, chosen = field(form, "email"), field(form, "name"), _chosen(site, form)
    again = partial(page, request, "account_new", 422, **_choices(site, chosen), email=email, name=name)
    try:
        rights = accounts.check_rights(chosen, site.shelf.providers, site.shelf.open_feeds)
        if strangers := _strangers(site, form, rights):
            return again(fault=None, strangers=strangers)
        with site.transaction() as connection:
            at, by = site.clock(), administrator.actor
            language = words.choose(field(form, "language"))
            account_id = accounts.add(connection, email, name, language, rights, by, at)
            token = accounts.invite(connection, account_id, site.policy.invitation, by, at)
    except UsageFault:
        return again(fault="accounts.refused", strangers=None)
    return _invited(request, site, email, token)


@router.get("/{account_id}")
def look(request: Request, account_id: UUID, site: SiteOf) -> Response:
    """One account with its rights."""
    return _account_page(request, site, _one(site, str(account_id)))


@router.post("/{account_id}/rights")
def rights(request: Request, account_id: UUID, administrator: Administrator, form: Posted, site: SiteOf) -> Response:
    """Replaces what it may do."""
    one = _one(site, str(account_id))
    try:
        chosen = accounts.check_rights(_chosen(site, form), site.shelf.providers, site.shelf.open_feeds)
    except UsageFault:
        raise HTTPException(400) from None
    if strangers := _strangers(site, form, chosen):
        return _account_page(request, site, replace(one, rights=chosen), strangers=strangers)
    own = one.account_id == administrator.account_id
    if own and ADMINISTRATOR not in {right.role for right in chosen}:
        return _account_page(request, site, one, "accounts.not_oneself")
    with site.transaction() as connection:
        accounts.set_rights(connection, one.account_id, chosen, administrator.actor, site.clock())
    return go(f"/accounts/{account_id}")


@router.post("/{account_id}/disabled")
def disabled(request: Request, account_id: UUID, administrator: Administrator, form: Posted, site: SiteOf) -> Response:
    """Closes or opens it."""
    one = _one(site, str(account_id))
    if one.account_id == administrator.account_id:
        return _account_page(request, site, one, "accounts.not_oneself")
    with site.transaction() as connection:
        close = field(form, "disabled") == "yes"
        accounts.set_disabled(connection, one.account_id, close, administrator.actor, site.clock())
    return go(f"/accounts/{account_id}")


@router.post("/{account_id}/reset")
def reset(request: Request, account_id: UUID, administrator: Administrator, site: SiteOf) -> Response:
    """A new invitation; password and one-time codes of before no longer work."""
    one = _one(site, str(account_id))
    with site.transaction() as connection:
        at = site.clock()
        token = accounts.invite(connection, one.account_id, site.policy.invitation, administrator.actor, at)
    return _invited(request, site, one.email, token)


def _account_page(
    request: Request, site: Site, one: Account, fault: str | None = None, strangers: _Strangers | None = None
) -> Response:
    choices = _choices(site, one.rights)
    plain = {right.provider for right in one.rights if right.role == SUBMITTER and not right.feed}
    choices["providers"] = sorted({*choices["providers"], *plain})
    status = 422 if fault or strangers else 200
    return page(request, "account", status, one=one, **choices, fault=fault, strangers=strangers)


def _invited(request: Request, site: Site, email: str, token: str) -> Response:
    base = site.settings.portal.url or str(request.base_url).rstrip("/")
    hours = int(site.policy.invitation.total_seconds() // 3600)
    return page(request, "account_invited", email=email, address=f"{base}/invitation/{token}", hours=hours)


def _one(site: Site, account_id: str) -> Account:
    with site.transaction() as connection:
        one = accounts.find(connection, account_id=account_id)
    if one is None:
        raise HTTPException(404)
    return one


def _choices(site: Site, had: Sequence[Right] = ()) -> dict[str, Any]:
    """What can be ticked; and for each feed that names nobody, in whose names who ``had`` these rights sends it."""
    others = {feed: [right.provider for right in had if right.feed == feed] for feed in site.shelf.open_feeds}
    return {
        "providers": site.shelf.providers, "roles": OTHER_ROLES, "others": others, "titles": site.shelf.titles,
        "officer": [right.provider for right in had if right.role == CASE_OFFICER],
        "had": [astuple(right) for right in had],
    }  # fmt: skip


def _chosen(site: Site, form: FormData) -> list[Right]:
    chosen = [Right(SUBMITTER, str(name)) for name in form.getlist("provider")]
    for feed in site.shelf.open_feeds:
        chosen += [Right(SUBMITTER, name, feed) for name in _names(form, f"open:{feed}")]
    chosen += [Right(CASE_OFFICER, name) for name in _names(form, "officer")]
    return chosen + [Right(str(role)) for role in form.getlist("role")]


def _strangers(site: Site, form: FormData, rights: Sequence[Right]) -> _Strangers:
    """Bodies that nothing here names, until the form says that they are new: a slip of the key would count from now."""
    if field(form, "new_body"):
        return {}
    with site.transaction() as connection:
        known = site.shelf.catalog.bodies | accounts.heard_of(connection)
    return accounts.strangers((right.provider for right in rights), known)


def _names(form: FormData, name: str) -> list[str]:
    return [one for part in _BETWEEN.split(field(form, name)) if (one := part.strip())]
