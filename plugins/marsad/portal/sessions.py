"""Signing in: attempts that count, sessions that end by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from marsad import audit
from marsad.portal import accounts
from marsad.portal.accounts import Account
from marsad.portal.policy import Policy
from marsad.portal.secrets_kept import code_step, new_token, password_fits, token_hash
from marsad.portal.site import Site


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in; ``complete`` is False while the one-time code is still to come."""

    token: str
    account: Account
    complete: bool


class TooManyAttempts(Exception):
    """No attempt is taken now."""


def sign_in(
    connection: sa.Connection, email: str, password: str, address: str, policy: Policy, at: datetime
) -> Session | None:
    """A session if the password is right, else None; both are audited, and failures count.

    It is complete unless the account gives one-time codes, or has a role that must.

    Raises:
        TooManyAttempts: for this account or from this network address; the password was not looked at.
    """
    check_attempts(connection, email, address, policy, at)
    account = accounts.find(connection, email=email)
    fits = password_fits(password, account.password if account else None)
    if account is None or account.disabled or not fits:
        fail(connection, email, address, account, at)
        return None
    complete = account.code_seed is None and not account.roles & policy.second_factor
    return begin(connection, account, complete, at)


def confirm(
    connection: sa.Connection, account: Account, password: str, address: str, policy: Policy, at: datetime
) -> bool:
    """Whether somebody who is signed in gives the account's password again; a wrong one counts as at signing in.

    Raises:
        TooManyAttempts: as there.
    """
    check_attempts(connection, account.email, address, policy, at)
    fits = password_fits(password, account.password)
    if not fits:
        fail(connection, account.email, address, account, at)
    return fits


def takes_code(connection: sa.Connection, account: Account, code: str, address: str, site: Site) -> bool:
    """Whether a one-time code is the account's and was not used before; a wrong one counts like a wrong password.

    Raises:
        TooManyAttempts: as at signing in.
    """
    at = site.clock()
    check_attempts(connection, account.email, address, site.policy, at)
    if account.code_seed is not None:
        seed = site.sealing.unseal(account.code_seed, account.account_id)
        step = code_step(code, seed, at, account.code_step)
        if step is not None and accounts.use_code(connection, account.account_id, step):
            return True
    fail(connection, account.email, address, account, at)
    return False


def check_attempts(connection: sa.Connection, email: str, address: str, policy: Policy, at: datetime) -> None:
    """Raises TooManyAttempts; forgets attempts that no longer count."""
    connection.execute(sa.text("DELETE FROM portal.attempt WHERE at < :since"), {"since": at - policy.failure_window})
    query = sa.text(
        "SELECT count(*) FILTER (WHERE who = :who AND address = :address) AS both, "
        "count(*) FILTER (WHERE who = :who) AS account, count(*) FILTER (WHERE address = :address) AS address "
        "FROM portal.attempt"
    )
    counted = connection.execute(query, {"who": _who(email), "address": address}).one()
    if (
        counted.both >= policy.failures_per_account_and_address
        or counted.account >= policy.failures_per_account
        or counted.address >= policy.failures_per_address
    ):
        raise TooManyAttempts


def fail(connection: sa.Connection, email: str, address: str, account: Account | None, at: datetime) -> None:
    """Counts and audits a failed attempt."""
    query = sa.text("INSERT INTO portal.attempt (at, who, address) VALUES (:at, :who, :address)")
    connection.execute(query, {"at": at, "who": _who(email), "address": address})
    audit.append(connection, "portal", "sign_in.failed", account.actor if account else "nobody", {}, at)


def begin(connection: sa.Connection, account: Account, complete: bool, at: datetime) -> Session:
    """A new session."""
    session = Session(new_token(), account, complete)
    query = sa.text("INSERT INTO portal.session VALUES (:token, :id, :at, :at, :complete)")
    values = {"token": token_hash(session.token), "id": account.account_id, "at": at, "complete": complete}
    connection.execute(query, values)
    if complete:
        _signed_in(connection, account, at)
    return session


def complete(connection: sa.Connection, session: Session, at: datetime) -> Session:
    """The session after the one-time code: under a new token, so that the one before is worth nothing."""
    end(connection, session.token)
    return begin(connection, session.account, True, at)


def _signed_in(connection: sa.Connection, account: Account, at: datetime) -> None:
    query = sa.text("UPDATE portal.account SET signed_in_at = :at WHERE account_id = :id")
    connection.execute(query, {"at": at, "id": account.account_id})
    audit.append(connection, account.actor, "sign_in.succeeded", account.actor, {}, at)


def find(connection: sa.Connection, token: str, policy: Policy, at: datetime) -> Session | None:
    """The living session of a cookie; it lives on for the idle time. None when it ended or never was."""
    query = sa.text(
        "UPDATE portal.session SET seen_at = :at WHERE token = :token AND seen_at > :idle AND started_at > :absolute "
        "RETURNING account_id::text, complete"
    )
    values = {"at": at, "token": token_hash(token), "idle": at - policy.idle, "absolute": at - policy.absolute}
    row = connection.execute(query, values).one_or_none()
    account = accounts.find(connection, account_id=row.account_id) if row else None
    if row is None or account is None or account.disabled:
        return None
    return Session(token, account, row.complete)


def end(connection: sa.Connection, token: str) -> None:
    """Signs out."""
    connection.execute(sa.text("DELETE FROM portal.session WHERE token = :token"), {"token": token_hash(token)})


def sweep(connection: sa.Connection, policy: Policy, at: datetime) -> None:
    """Forgets sessions that ended by themselves."""
    query = sa.text("DELETE FROM portal.session WHERE seen_at <= :idle OR started_at <= :absolute")
    connection.execute(query, {"idle": at - policy.idle, "absolute": at - policy.absolute})


def _who(email: str) -> bytes:
    return token_hash(email.strip().lower())
