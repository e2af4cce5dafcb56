"""How often an account may open or search identities: asked of the audit trail, and written down there when it is over.

For processes that open identities (``portal.looker``, ``portal.opener``), with their own rights.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from marsad import audit
from marsad.errors import PolicyRefusal
from marsad.policies import Limit
from marsad.warehouse.engine import clean_errors

_LOOKS = sa.text("SELECT audit.looks(:who, :kind, :since)")


class Reached(PolicyRefusal):
    """Somebody reached a limit of looks; knows what is to be written down of it."""

    def __init__(self, actor: str, about: str, detail: Mapping[str, Any]) -> None:
        super().__init__("somebody looked as often as the policy allows")
        self._event = actor, "look.refused", about, detail

    def note(self, engine: sa.Engine, at: datetime) -> audit.Head:
        """Writes it down, in a transaction of its own: that of the look is gone."""
        with clean_errors(), engine.begin() as connection:
            return audit.append(connection, *self._event, at)


def check(
    connection: sa.Connection, actor: str, kind: str, limit: Limit, about: str, now: datetime, **why: str
) -> None:
    """Raises Reached; else the actor's next look of any kind waits until this one is written down."""
    values = {"who": actor, "kind": kind, "since": now - limit.window}
    if connection.execute(_LOOKS, values).scalar_one() >= limit.most:
        raise Reached(actor, about, {**why, "kind": kind, "most": limit.most})
