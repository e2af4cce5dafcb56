"""One module a subject; each has a ``router`` and the entries it adds to the menu."""

from __future__ import annotations

from marsad.portal.pages import (
    accounts,
    analysis,
    board,
    drawn,
    findings,
    history,
    home,
    openid,
    overview,
    own_account,
    persons,
    referrals,
    releases,
    review,
    send,
    sign_in,
    spellings,
    templates,
)

_MODULES = (
    sign_in, openid, home, send, templates, history, board, findings, spellings, persons, referrals, review, overview,
    drawn, releases, analysis, accounts, own_account,
)  # fmt: skip
ROUTERS = tuple(module.router for module in _MODULES)
MENU = tuple(entry for module in _MODULES for entry in module.MENU)
