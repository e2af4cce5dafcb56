"""Pages from templates: words in the visitor's language, the menu of what the account may open, forms with a token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from marsad.contracts.wording import covered
from marsad.portal import words
from marsad.portal.visitor import VISITOR, Visitor, site_of
from marsad.warehouse.model import LANGUAGES

_WHOLE = (0.01, 0.99)  # between them whole per cents say enough
_NAMES = {"fr": "Français", "ar": "العربية", "en": "English"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu: a word, where it leads, and whose it is (no role: everybody's who is signed in)."""

    word: str
    path: str
    roles: tuple[str, ...] = ()


@cache
def _environment(zone: ZoneInfo) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": _day, "number": _number, "covered": covered}
    environment.filters |= {"percent": _percent, "bits": _bits}
    environment.filters["moment"] = partial(shown_at, zone)
    return environment


def _day(at: datetime) -> str:
    return f"{at:%d/%m/%Y}"


def shown_at(zone: ZoneInfo, at: datetime) -> str:
    """A moment by the clock of a zone, which it names."""
    local = at.astimezone(zone)
    hours = f"{local:%z}"
    return f"{local:%d/%m/%Y %H:%M} UTC{hours[:3]}:{hours[3:]}"


def _number(value: int) -> str:
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _percent(share: float) -> str:
    return f"{100 * share:.{0 if _WHOLE[0] <= share <= _WHOLE[1] else 1}f} %"


def _bits(weight: float) -> str:
    return f"{weight:+.1f}".replace("-", "\N{MINUS SIGN}")


def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:  # noqa: ANN401
    """``<template>.html.j2`` for whoever asks; sets the cookie that forms need if there is none yet."""
    visitor: Visitor = request.state.visitor
    roles = visitor.account.roles if visitor.account else frozenset()
    menu = [e for e in request.app.state.menu if visitor.account and (not e.roles or roles & set(e.roles))]
    text = _environment(site_of(request).policy.zone).get_template(f"{template}.html.j2").render(
        t=words.speaker(visitor.language),
        lang=visitor.language,
        dir=words.direction(visitor.language),
        comma=words.comma(visitor.language),
        languages=[(language, _NAMES[language]) for language in LANGUAGES],
        path=request.url.path,
        menu=menu,
        account=visitor.account,
        token=lambda: _token_field(visitor),
        vouched=site_of(request).settings.portal.issuer is not None,
        **context,
    )  # fmt: skip
    answer = HTMLResponse(text, status)
    if visitor.fresh:
        set_cookie(request, answer, VISITOR, visitor.token)
    return answer


def _token_field(visitor: Visitor) -> Markup:
    return Markup('<input type="hidden" name="form_token" value="{}">').format(visitor.form_token)


def workbook(content: bytes, *names: str) -> Response:
    """A spreadsheet to keep under what it is: a feed, its number if it has one, a language; plain ASCII of ours."""
    name = f"{'-'.join(names).replace('/', '-')}.xlsx"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


def go(path: str) -> RedirectResponse:
    """On to another page after a form."""
    return RedirectResponse(path, 303)


def set_cookie(request: Request, answer: HTMLResponse | RedirectResponse, name: str, value: str) -> None:
    """A cookie for this site alone that scripts cannot read and that goes when the browser is closed."""
    answer.set_cookie(name, value, httponly=True, samesite="lax", secure=site_of(request).secure, path="/")
