"""Clerical review: what is asked, two records side by side, an answer; for stewards how it stands.

The pages open nothing: they hand the cookie of the session to the process that does (``portal.looker``), which finds
out by itself who asks, and audits.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from marsad.linkage import review
from marsad.linkage.policy import load_policy
from marsad.linkage.review import ANSWERS, Place, Question
from marsad.portal import asking
from marsad.portal.accounts import REVIEWER, STEWARD, Account
from marsad.portal.asking import Answer
from marsad.portal.pages.persons import TOO_OFTEN
from marsad.portal.render import Entry, go, page
from marsad.portal.site import Site
from marsad.portal.visitor import Posted, SiteOf, Visiting, field, having

router = APIRouter()
MENU = (Entry("menu.review", "/review", (REVIEWER,)), Entry("menu.review_progress", "/review-progress", (STEWARD,)))
Reviewer = Annotated[Account, Depends(having(REVIEWER))]
_SHOWN = 20
_PAIR = re.compile(r"(\d{1,18})-(\d{1,18})")
_PLACE = re.compile(rf"(\d+\.\d+(?:e-\d+)?)-{_PAIR.pattern}")


@router.get("/review")
def queue(request: Request, account: Reviewer, site: SiteOf, after: str = "") -> Response:
    """What waits for whom, likeliest first; ``after`` is where the page before ended."""
    place = _PLACE.fullmatch(after)
    start = Place(float(place[1]), int(place[2]), int(place[3])) if place else None
    with site.transaction() as connection:
        rows = review.questions(connection, account.actor, _SHOWN, start)
        waiting = review.waiting(connection, account.actor)
    last = rows[-1].place if len(rows) == _SHOWN else None
    more = f"{last.worth!r}-{last.left}-{last.right}" if last else None
    return page(request, "review", rows=rows, waiting=waiting, more=more, titles=site.shelf.titles)


@router.get("/review-progress", dependencies=[Depends(having(STEWARD))])
def progress(request: Request, site: SiteOf) -> Response:
    """Backlog, answers, decisions, agreement; counts alone."""
    thresholds = load_policy(site.settings.schemas).thresholds
    begins = {rule.at_least for rule in review.load_policy(site.settings.schemas).agree}
    bounds = {max(begin, thresholds.review) for begin in begins} | {thresholds.link}
    with site.transaction() as connection:
        told = review.progress(connection, sorted(bounds))
    return page(request, "review_progress", progress=told, link=thresholds.link, answers=ANSWERS)


@router.get("/review/{pair}")
def closed(request: Request, pair: str, account: Reviewer, site: SiteOf) -> Response:
    """Which two records, and the question why they are opened: never what they say, also when it is loaded again."""
    return _pair(request, site, pair, _asked(site, account, pair))


@router.post("/review/{pair}")
def compare(
    request: Request, pair: str, account: Reviewer, form: Posted, site: SiteOf, who: Visiting
) -> Response:  # fmt: skip
    """What two records say, for a reason."""
    asked, reason = _asked(site, account, pair), field(form, "reason")
    if reason not in review.load_policy(site.settings.schemas).reasons or who.session is None:
        raise HTTPException(400)
    if _without_contract(site, asked):
        raise HTTPException(409)
    try:
        told = asking.looked(site.looker, who.session.token, asked.place[1:], reason, who.language)
    except asking.TooOften:
        return _pair(request, site, pair, asked, status=429, note=TOO_OFTEN)
    if told is None:
        return _pair(request, site, pair, asked, status=503, note="pair.failed")
    return _pair(request, site, pair, asked, told=told)


def _pair(
    request: Request, site: Site, pair: str, asked: Question, *, told: Answer | None = None, status: int = 200,
    note: str | None = None,
) -> Response:  # fmt: skip
    schemas = site.settings.schemas
    return page(
        request, "pair", status, asked=asked, pair=pair, told=told, note=note, answers=ANSWERS,
        reasons=review.load_policy(schemas).reasons, link=load_policy(schemas).thresholds.link,
        titles=site.shelf.titles, strange=_without_contract(site, asked),
    )  # fmt: skip


def _without_contract(site: Site, asked: Question) -> list[str]:
    """Feeds whose contract is wrong or not here: what their columns say nobody knows, so no record is opened."""
    return sorted({asked.left.feed, asked.right.feed} - site.shelf.catalog.contracts.keys())


@router.post("/review/{pair}/answer")
def answer(pair: str, account: Reviewer, form: Posted, site: SiteOf, who: Visiting) -> Response:
    """Takes an answer and goes on to the next pair, which is opened for a reason of its own."""
    asked, said = _asked(site, account, pair), field(form, "said")
    if said not in ANSWERS or who.session is None:
        raise HTTPException(400)
    if asking.answered(site.looker, who.session.token, asked.place[1:], said) is None:
        raise HTTPException(409)
    with site.transaction() as connection:
        following = review.questions(connection, account.actor, 1)
    if not following:
        return go("/review")
    place = following[0].place
    return go(f"/review/{place.left}-{place.right}")


def _asked(site: Site, account: Account, pair: str) -> Question:
    """The question of that address; HTTPException 404 where it is not one of the account's."""
    found = _PAIR.fullmatch(pair)
    if found is None:
        raise HTTPException(404)
    with site.transaction() as connection:
        asked = review.question(connection, account.actor, int(found[1]), int(found[2]))
    if asked is None:
        raise HTTPException(404)
    return asked
