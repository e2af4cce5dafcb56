"""Signing in with the account of one's institution, where the settings name its OpenID provider."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from marsad.portal import accounts, sessions
from marsad.portal.openid import NotVouched, Voucher
from marsad.portal.render import Entry, go, page, set_cookie
from marsad.portal.site import Site
from marsad.portal.visitor import SESSION, SiteOf

router = APIRouter(prefix="/sign-in/openid")
MENU: tuple[Entry, ...] = ()
COOKIE = "marsad_openid"


@router.get("")
def begin(request: Request, site: SiteOf) -> Response:
    """On to the provider."""
    try:
        begun = _voucher(request, site).begin()
    except NotVouched:
        return page(request, "sign_in", 403, fault=("sign_in.not_vouched", {}), email="")
    answer = go(begun.address)
    set_cookie(request, answer, COOKIE, begun.cookie)
    return answer


@router.get("/back")
def back(request: Request, site: SiteOf, state: str = "", code: str = "") -> Response:
    """From the provider: signed in if it vouches for somebody who has an account here."""
    voucher, at = _voucher(request, site), site.clock()
    try:
        email = voucher.finish(request.cookies.get(COOKIE, ""), state, code)
    except NotVouched:
        return page(request, "sign_in", 403, fault=("sign_in.not_vouched", {}), email="")
    with site.transaction() as connection:
        account = accounts.find(connection, email=email)
        if account is None or account.disabled:
            sessions.fail(connection, email, request.client.host if request.client else "unknown", account, at)
            return page(request, "sign_in", 403, fault=("sign_in.not_vouched", {}), email="")
        complete = account.code_seed is None and not account.roles & site.policy.second_factor
        session = sessions.begin(connection, account, complete, at)
    answer = go("/" if complete else "/sign-in/code")
    set_cookie(request, answer, SESSION, session.token)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _voucher(request: Request, site: Site) -> Voucher:
    settings = site.settings.portal
    if settings.issuer is None:
        raise HTTPException(404)
    base = settings.url or str(request.base_url).rstrip("/")
    return Voucher(settings, site.sealing, f"{base}/sign-in/openid/back")
