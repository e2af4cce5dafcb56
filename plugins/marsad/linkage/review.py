"""Clerical review: what people are asked of the grey zone, and what becomes of their answers.

Nobody sees an identity here: a question is two record numbers and a probability. Works in the caller's transaction,
with the caller's rights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import sqlalchemy as sa
from pydantic import Field

from marsad import policies
from marsad.errors import UsageFault
from marsad.linkage import decisions
from marsad.linkage.queue import END_VALUES, ENDS, ends, ends_of
from marsad.linkage.stock import Key
from marsad.policies import Limit, Part

SAME, DIFFERENT, UNKNOWN = "same", "different", "unknown"
ANSWERS = (SAME, DIFFERENT, UNKNOWN)
_COUNTED = 1_000  # of what waits, no more is counted on a page
_People = Annotated[int, Field(gt=0)]


class Agree(Part):
    """From which probability on how many people must say ``same``, or ``different``."""

    at_least: Annotated[float, Field(ge=0, lt=1, alias="from")]
    same: _People
    different: _People


class Policy(Part):
    """``schemas/policies/review.yaml``."""

    owner: str
    decided: str
    agree: Annotated[Sequence[Agree], Field(min_length=1)]
    compared: Limit
    reasons: Annotated[Sequence[str], Field(min_length=1)]

    def decision(self, probability: float, said: Mapping[str, int]) -> bool | None:
        """What so many answers decide of a pair (True: one person); None while more people must be asked."""
        rule = next((rule for rule in self.agree if probability >= rule.at_least), self.agree[-1])
        same, different = said.get(SAME, 0), said.get(DIFFERENT, 0)
        if same >= rule.same and same > different:
            return True
        return False if different >= rule.different and different > same else None


def load_policy(schemas: Path) -> Policy:
    """The policy of an installation. Raises UsageFault that names what is wrong."""
    return policies.load(Policy, schemas, "review")


class Place(NamedTuple):
    """Where a question stands in the queue, and the two contents it shows."""

    worth: float
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Question:
    """Two records that may be of one person. ``answers``: how many people gave one, whatever it was."""

    place: Place
    left: Key
    right: Key
    weight: float
    probability: float
    joins: int
    answers: int


def questions(connection: sa.Connection, actor: str, most: int, after: Place | None = None) -> list[Question]:
    """What ``actor`` is asked, likeliest first by all their records. Not what it answered already."""
    start = after or Place(float("inf"), 0, 0)
    rows = connection.execute(_WAITING, {"by": actor, "most": most, **start._asdict()})
    return [_question(row) for row in rows]


def question(connection: sa.Connection, actor: str, left: int, right: int) -> Question | None:
    """The question about two contents; None where it is no longer asked, or not of ``actor``."""
    row = connection.execute(_ONE, {"by": actor, "left": left, "right": right}).one_or_none()
    return _question(row) if row else None


def waiting(connection: sa.Connection, actor: str) -> int:
    """How many questions ``actor`` has not answered; counted to a thousand."""
    return int(connection.execute(_COUNT, {"by": actor, "most": _COUNTED}).scalar_one())


def answer(
    connection: sa.Connection, asked: Question, said: str, actor: str, policy: Policy, at: datetime
) -> Literal["noted", "decided"]:
    """Keeps what ``actor`` says of two records, and decides when enough people say the same. The caller audits it.

    Raises:
        UsageFault: this is no answer, the pair is no longer asked, or ``actor`` has answered already.
    """
    if said not in ANSWERS:
        raise UsageFault(f"an answer is one of {', '.join(ANSWERS)}")
    pair = ends(asked.left, asked.right)
    # Two who answer at once take turns, so that the second sees the first's answer.
    probability = connection.execute(_HOLD, asked.place._asdict()).scalar()
    if probability is None:
        raise UsageFault("these two are no longer asked of anybody")
    vote = {"said": said, "probability": probability, "by": actor, "at": at}
    if not connection.execute(_VOTE, pair | vote).rowcount:
        raise UsageFault("nobody answers twice of the same two records")
    counted = {row.said: row.times for row in connection.execute(_SAID, pair)}
    same = policy.decision(probability, counted)
    if same is None:
        return "noted"
    decisions.put(connection, [(asked.left, asked.right)], actor, at, same=same)
    connection.execute(_DECIDED, asked.place._asdict())
    return "decided"


class Band(NamedTuple):
    """Questions of a probability from ``at_least`` on: how many wait, how many of these somebody answered."""

    at_least: float
    waiting: int
    begun: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How review stands, in counts. ``compared``: pairs that two or more people decided on; ``agreed``: all alike."""

    bands: Sequence[Band]
    answers: Mapping[str, int]
    decided: Mapping[bool, int]
    compared: int
    agreed: int

    @property
    def waiting(self) -> int:
        """The whole backlog."""
        return sum(band.waiting for band in self.bands)


def progress(connection: sa.Connection, bounds: Sequence[float]) -> Progress:
    """Backlog by probability (``bounds``: where bands begin), answers, decisions, and how far reviewers agree."""
    rising = sorted(bounds)
    counted = {row.band: row for row in connection.execute(_BACKLOG, {"bounds": rising})}
    bands = [Band(bound, row.waiting if (row := counted.get(place)) else 0, row.begun if row else 0)
             for place, bound in enumerate(rising, 1)]  # fmt: skip
    answers = {row.said: row.times for row in connection.execute(_ANSWERS)}
    decided = {row.same: row.times for row in connection.execute(_DECISIONS)}
    agreement = connection.execute(_AGREEMENT).one()
    return Progress(bands[::-1], answers, decided, agreement.compared, agreement.agreed)


def backlog(connection: sa.Connection) -> int:
    """How many questions wait for anybody."""
    return int(connection.execute(sa.text("SELECT count(*) FROM link.review")).scalar_one())


def _question(row: sa.Row[Any]) -> Question:
    left = Key(row.left_feed, row.left_provider, row.left_record)
    right = Key(row.right_feed, row.right_provider, row.right_record)
    place = Place(row.worth, row.left_content, row.right_content)
    return Question(place, left, right, row.weight, row.probability, row.joins, row.answers)


_ASKED = f"""
    SELECT r.worth, r.left_content, r.right_content, {ENDS}, r.weight, r.probability, r.joins,
        (SELECT count(*) FROM link.vote v WHERE {ends_of("v")} = {ends_of("r")}) AS answers
    FROM link.review r
"""  # noqa: S608 - our own words, here and below
_NOT_YET = f"NOT EXISTS (SELECT FROM link.vote v WHERE {ends_of('v')} = {ends_of('r')} AND v.given_by = :by)"  # noqa: S608
_WAITING = sa.text(
    f"""
    {_ASKED} WHERE (r.worth, r.left_content, r.right_content) < (CAST(:worth AS float8), :left, :right) AND {_NOT_YET}
    ORDER BY r.worth DESC, r.left_content DESC, r.right_content DESC LIMIT :most
    """
)
_ONE = sa.text(f"{_ASKED} WHERE r.left_content = :left AND r.right_content = :right AND {_NOT_YET}")
_COUNT = sa.text(f"SELECT count(*) FROM (SELECT FROM link.review r WHERE {_NOT_YET} LIMIT :most) AS counted")  # noqa: S608
_PLACE = "left_content = :left AND right_content = :right"
_HOLD = sa.text(f"SELECT probability FROM link.review WHERE {_PLACE} FOR UPDATE")  # noqa: S608
_VOTE = sa.text(
    f"""
    INSERT INTO link.vote ({ENDS}, said, probability, given_by, given_at)
    VALUES ({END_VALUES}, :said, :probability, :by, :at) ON CONFLICT DO NOTHING
    """  # noqa: S608
)
_SAID = sa.text(
    f"SELECT said, count(*) AS times FROM link.vote WHERE ({ENDS}) = ({END_VALUES}) GROUP BY said"  # noqa: S608
)
_DECIDED = sa.text(f"DELETE FROM link.review WHERE {_PLACE}")  # noqa: S608
_BACKLOG = sa.text(
    f"""
    SELECT greatest(1, width_bucket(r.probability, CAST(:bounds AS float8[]))) AS band, count(*) AS waiting,
        count(*) FILTER (WHERE EXISTS (SELECT FROM link.vote v WHERE {ends_of("v")} = {ends_of("r")})) AS begun
    FROM link.review r GROUP BY band
    """  # noqa: S608
)
_ANSWERS = sa.text("SELECT said, count(*) AS times FROM link.vote GROUP BY said")
_DECISIONS = sa.text(
    f"""
    SELECT same, count(*) AS times FROM (
        SELECT DISTINCT ON ({ENDS}) same FROM link.decision ORDER BY {ENDS}, decision_id DESC
    ) AS newest GROUP BY same
    """  # noqa: S608
)
_AGREEMENT = sa.text(
    f"""
    SELECT count(*) AS compared, count(*) FILTER (WHERE kinds = 1) AS agreed FROM (
        SELECT count(DISTINCT said) AS kinds FROM link.vote WHERE said <> 'unknown' GROUP BY {ENDS} HAVING count(*) > 1
    ) AS pairs
    """  # noqa: S608
)
