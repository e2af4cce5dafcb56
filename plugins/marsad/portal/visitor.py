"""Who asks, in which language, with what right: the dependencies that every page stands behind."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import FormData

from marsad.portal import sessions, words
from marsad.portal.accounts import Account
from marsad.portal.secrets_kept import form_token, new_token
from marsad.portal.sessions import Session
from marsad.portal.site import Site

SESSION, VISITOR, LANGUAGE = "marsad_session", "marsad_visitor", "marsad_language"
SAFE = ("GET", "HEAD")
UPLOAD_PATH = "/send"
_NO_TEXT = ("Cc", "Cs")  # control signs, halves of a pair


class NotSignedIn(Exception):
    """The page is for people who are signed in."""


class CodeMissing(Exception):
    """The page is for people who also gave their one-time code."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One request's visitor. ``token`` ties forms to the browser that got them; ``fresh`` when it has none yet."""

    session: Session | None
    token: str
    fresh: bool
    language: str

    @property
    def account(self) -> Account | None:
        """Who is signed in completely."""
        return self.session.account if self.session and self.session.complete else None

    @property
    def form_token(self) -> str:
        """What forms send back."""
        return form_token(self.token)


def site_of(request: Request) -> Site:
    """The site that the application serves."""
    site: Site = request.app.state.site
    return site


def visitor(request: Request, site: Annotated[Site, Depends(site_of)]) -> Visitor:
    """Who asks; looked up once a request and kept for the error pages."""
    cookie, known = request.cookies.get(SESSION), request.cookies.get(VISITOR)
    session = None
    if cookie:
        with site.transaction() as connection:
            session = sessions.find(connection, cookie, site.policy, site.clock())
    wished = words.accepted(request.headers.get("accept-language", ""))
    language = words.choose(
        request.cookies.get(LANGUAGE), session.account.language if session else None, wished
    )  # fmt: skip
    token = session.token if session else known or new_token()
    request.state.visitor = Visitor(session, token, session is None and known is None, language)
    return request.state.visitor  # type: ignore[no-any-return]


async def posted(request: Request, who: Annotated[Visitor, Depends(visitor)]) -> FormData:
    """The form of a POST that came from one of our own pages in the same browser; empty for a GET.

    Raises:
        NotSignedIn: a file from nobody: it is not even read.
        HTTPException: 403, the form is not ours; 400, a field holds signs that no text has: the database and the hash
            of passwords would refuse them.
    """
    if request.method in SAFE:
        return FormData()
    if who.account is None and request.url.path == UPLOAD_PATH:
        raise NotSignedIn
    if not _same_origin(request):
        raise HTTPException(403)
    form = await request.form(max_files=1, max_fields=200)
    if not all(_is_text(value) for _, value in form.multi_items() if isinstance(value, str)):
        raise HTTPException(400)
    given = form.get("form_token")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), who.form_token.encode()):
        raise HTTPException(403)
    return form


def _is_text(value: str) -> bool:
    return all(sign in "\t\r\n" or unicodedata.category(sign) not in _NO_TEXT for sign in value)


def _same_origin(request: Request) -> bool:
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def signed_in(who: Annotated[Visitor, Depends(visitor)]) -> Account:
    """The account that is signed in. Raises NotSignedIn or CodeMissing."""
    if who.session is None:
        raise NotSignedIn
    if not who.session.complete:
        raise CodeMissing
    return who.session.account


def having(*roles: str) -> Callable[..., Account]:
    """A dependency: the account, if it has one of ``roles``; else 403."""

    def check(account: Annotated[Account, Depends(signed_in)]) -> Account:
        if not account.roles & set(roles):
            raise HTTPException(403)
        return account

    return check


def field(form: FormData, name: str) -> str:
    """A text of a form; empty when it is missing."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


SiteOf = Annotated[Site, Depends(site_of)]
Visiting = Annotated[Visitor, Depends(visitor)]
Posted = Annotated[FormData, Depends(posted)]
SignedIn = Annotated[Account, Depends(signed_in)]
