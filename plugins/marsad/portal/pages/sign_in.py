"""Signing in and out, choosing a password after an invitation, the language. The only pages without an account."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from marsad.portal import accounts, sessions
from marsad.portal.accounts import Account
from marsad.portal.passwords import weakness
from marsad.portal.render import Entry, go, page, set_cookie
from marsad.portal.site import Site
from marsad.portal.visitor import LANGUAGE, SESSION, NotSignedIn, Posted, SiteOf, Visiting, field
from marsad.warehouse.model import LANGUAGES

router = APIRouter()
MENU: tuple[Entry, ...] = ()


@router.get("/health")
def health(site: SiteOf) -> dict[str, str]:
    """Whether the pages and their database are well."""
    with site.transaction() as connection:
        connection.exec_driver_sql("SELECT 1")
    return {"status": "healthy"}


@router.get("/sign-in")
def ask(request: Request, who: Visiting) -> Response:
    """The form."""
    return go("/") if who.account else page(request, "sign_in", fault=None, email="")


@router.post("/sign-in")
def sign_in(request: Request, form: Posted, site: SiteOf) -> Response:
    """Password right: on to the code or home. Wrong or too often: the form again, and never which of both was wrong."""
    email, address = field(form, "email"), request.client.host if request.client else "unknown"
    with site.transaction() as connection:
        sessions.sweep(connection, site.policy, site.clock())
    try:
        with site.transaction() as connection:
            session = sessions.sign_in(
                connection, email, field(form, "password"), address, site.policy, site.clock()
            )  # fmt: skip
    except sessions.TooManyAttempts:
        minutes = int(site.policy.failure_window.total_seconds() // 60)
        return page(request, "sign_in", 429, fault=("sign_in.too_many", {"minutes": minutes}), email=email)
    if session is None:
        return page(request, "sign_in", 403, fault=("sign_in.wrong", {}), email=email)
    return _signed_in(request, session.token, "/" if session.complete else "/sign-in/code")


def _signed_in(request: Request, token: str, path: str) -> RedirectResponse:
    answer = go(path)
    set_cookie(request, answer, SESSION, token)
    return answer


@router.get("/sign-in/code")
def ask_code(request: Request, who: Visiting) -> Response:
    """The form for the one-time code; who has no codes yet sets them up first."""
    if who.session is None or who.session.complete:
        return go("/")
    if who.session.account.code_seed is None:
        return go("/account/codes")
    return page(request, "sign_in_code", fault=None)


@router.post("/sign-in/code")
def give_code(request: Request, who: Visiting, form: Posted, site: SiteOf) -> Response:
    """The second step; wrong codes count like wrong passwords."""
    session = who.session
    if session is None:
        raise NotSignedIn
    account, address = session.account, request.client.host if request.client else "unknown"
    try:
        with site.transaction() as connection:
            if sessions.takes_code(connection, account, field(form, "code"), address, site):
                return _signed_in(request, sessions.complete(connection, session, site.clock()).token, "/")
    except sessions.TooManyAttempts:
        minutes = int(site.policy.failure_window.total_seconds() // 60)
        return page(request, "sign_in_code", 429, fault=("sign_in.too_many", {"minutes": minutes}))
    return page(request, "sign_in_code", 403, fault=("sign_in.code_wrong", {}))


@router.post("/sign-out")
def sign_out(who: Visiting, site: SiteOf) -> Response:
    """Ends the session."""
    if who.session:
        with site.transaction() as connection:
            sessions.end(connection, who.session.token)
    answer = go("/sign-in")
    answer.delete_cookie(SESSION, path="/")
    return answer


@router.get("/invitation/{token}")
def invitation(request: Request, token: str, site: SiteOf) -> HTMLResponse:
    """The form for choosing a password."""
    with site.transaction() as connection:
        account = accounts.invited(connection, token, site.clock())
    return _invitation(request, site, account)


@router.post("/invitation/{token}")
def accept(request: Request, token: str, form: Posted, site: SiteOf) -> Response:
    """Keeps the password and goes on to signing in with it."""
    password, again = field(form, "password"), field(form, "again")
    with site.transaction() as connection:
        account = accounts.invited(connection, token, site.clock())
        if account is None:
            return _invitation(request, site, None)
        fault = weakness(password, again, account.email, site.policy)
        if fault:
            return _invitation(request, site, account, fault)
        accounts.set_password(connection, account, password, site.clock())
    return go("/sign-in")


def _invitation(
    request: Request, site: Site, account: Account | None, fault: tuple[str, dict[str, int]] | None = None
) -> HTMLResponse:
    least = site.policy.password_characters
    status = 404 if account is None else 422 if fault else 200
    return page(request, "invitation", status, invited=account, fault=fault, least=least)


@router.post("/language")
def language(request: Request, who: Visiting, form: Posted, site: SiteOf) -> Response:
    """Another language, on the same page."""
    wished, back = field(form, "language"), field(form, "back")
    ours = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    answer = go(back if ours else "/")
    if wished in LANGUAGES:
        set_cookie(request, answer, LANGUAGE, wished)
        if who.account:
            with site.transaction() as connection:
                accounts.set_language(connection, who.account.account_id, wished)
    return answer
