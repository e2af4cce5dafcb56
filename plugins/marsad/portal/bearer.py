"""Whose session a cookie is: processes that open identities ask the database themselves, and believe no page."""

from __future__ import annotations

from datetime import datetime

from marsad.portal.policy import Policy
from marsad.portal.secrets_kept import token_hash

SIGNED_IN = """
    portal.session s JOIN portal.account a USING (account_id) JOIN portal.account_right r USING (account_id)
"""
LIVES = """
    s.token = :token AND s.complete AND s.seen_at > :idle AND s.started_at > :absolute AND NOT a.disabled
    AND a.code_seed IS NOT NULL
"""
"""A session that is complete and alive, of an account that gives one-time codes; with ``values``."""


def values(token: str, policy: Policy, now: datetime) -> dict[str, object]:
    """What ``LIVES`` is asked with."""
    return {"token": token_hash(token), "idle": now - policy.idle, "absolute": now - policy.absolute}
