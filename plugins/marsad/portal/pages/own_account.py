"""One's own account: password, one-time codes."""

from __future__ import annotations

import segno
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from marsad.portal import accounts, sessions
from marsad.portal.accounts import Account
from marsad.portal.passwords import weakness
from marsad.portal.render import Entry, go, page, set_cookie
from marsad.portal.secrets_kept import code_address, code_step, new_seed
from marsad.portal.sessions import Session
from marsad.portal.site import Site
from marsad.portal.visitor import SESSION, NotSignedIn, Posted, SignedIn, SiteOf, Visiting, field

router = APIRouter(prefix="/account")
MENU = (Entry("menu.account", "/account"),)
Fault = tuple[str, dict[str, int]]  # a word, with its parameters


@router.get("")
def own(request: Request, account: SignedIn, site: SiteOf) -> Response:
    """What the account is and may do."""
    return page(request, "own_account", fault=None, least=site.policy.password_characters)


@router.post("/password")
def password(request: Request, account: SignedIn, form: Posted, site: SiteOf) -> Response:
    """Another password; one signs in again with it, everywhere."""
    new = field(form, "password")
    fault = _unconfirmed(request, site, account, form) or weakness(
        new, field(form, "again"), account.email, site.policy
    )  # fmt: skip
    if fault:
        least = site.policy.password_characters
        return page(request, "own_account", 422, fault=fault, least=least)
    with site.transaction() as connection:
        accounts.set_password(connection, account, new, site.clock())
    answer = go("/sign-in")
    answer.delete_cookie(SESSION, path="/")
    return answer


@router.get("/codes")
def codes(request: Request, who: Visiting, site: SiteOf) -> Response:
    """A new seed as a square code, to be proved by a first code."""
    session = _setting_up(who.session)
    return _codes_page(request, session, new_seed(), site, None)


@router.post("/codes")
def keep_codes(request: Request, who: Visiting, form: Posted, site: SiteOf) -> Response:
    """Turns one-time codes on when the first one is right; the session is complete then, and all others end.

    Who replaces codes gives the password again, or without one a present code: a browser left open must not be enough.
    """
    session, at = _setting_up(who.session), site.clock()
    account = session.account
    seed = site.sealing.unseal(_bytes(field(form, "sealed")), account.account_id)
    step = code_step(field(form, "code"), seed, at, None)
    if step is None:  # looked at first, so that a slip uses up no present code
        return _codes_page(request, session, seed, site, ("sign_in.code_wrong", {}))
    if account.code_seed is not None and (fault := _not_the_owner(request, site, account, form)):
        return _codes_page(request, session, seed, site, fault)
    with site.transaction() as connection:
        accounts.set_codes(connection, account, site.sealing.seal(seed, account.account_id), step, at)
        token = sessions.complete(connection, session, at).token
    answer = go("/account")
    set_cookie(request, answer, SESSION, token)
    return answer


def _setting_up(session: Session | None) -> Session:
    """Who may set codes up: a complete session, or one that must give codes and has none yet."""
    if session is None or (not session.complete and session.account.code_seed is not None):
        raise NotSignedIn
    return session


def _not_the_owner(request: Request, site: Site, account: Account, form: FormData) -> Fault | None:
    """What is wrong with what somebody who replaces codes gives: the password, or a present code where there is none.

    Accounts that an institution's provider vouches for may have no password.
    """
    if account.password is not None:
        return _unconfirmed(request, site, account, form)
    address = request.client.host if request.client else "unknown"
    try:
        with site.transaction() as connection:
            fits = sessions.takes_code(connection, account, field(form, "old_code"), address, site)
    except sessions.TooManyAttempts:
        return _too_many(site)
    return None if fits else ("codes.old_wrong", {})


def _too_many(site: Site) -> Fault:
    return "sign_in.too_many", {"minutes": int(site.policy.failure_window.total_seconds() // 60)}


def _unconfirmed(request: Request, site: Site, account: Account, form: FormData) -> Fault | None:
    """What is wrong with the present password that the form gives."""
    address = request.client.host if request.client else "unknown"
    try:
        with site.transaction() as connection:
            fits = sessions.confirm(connection, account, field(form, "old"), address, site.policy, site.clock())
    except sessions.TooManyAttempts:
        return _too_many(site)
    return None if fits else ("password.old_wrong", {})


def _codes_page(request: Request, session: Session, seed: str, site: Site, fault: Fault | None) -> Response:
    account = session.account
    picture = segno.make(code_address(seed, account.email), error="m").svg_data_uri(scale=5, border=2)
    sealed = site.sealing.seal(seed, account.account_id).hex()
    spelled = " ".join(seed[i : i + 4] for i in range(0, len(seed), 4))
    return page(
        request, "codes", 422 if fault else 200, picture=picture, seed=spelled, sealed=sealed, fault=fault,
        replacing=account.code_seed is not None,
    )  # fmt: skip


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
