"""Accounts and their rights in schema ``portal``. Every change is one transaction with its audit event at the end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa

from marsad import audit
from marsad.contracts.model import Contract
from marsad.errors import UsageFault
from marsad.intake import inbox
from marsad.portal.secrets_kept import hash_password, new_token, token_hash

ADMINISTRATOR, SUBMITTER, STEWARD, REVIEWER = "administrator", "submitter", "steward", "reviewer"
CASE_OFFICER, COMMISSION, ANALYST = "case_officer", "commission", "analyst"
ROLES = (SUBMITTER, STEWARD, REVIEWER, CASE_OFFICER, COMMISSION, ANALYST, "auditor", ADMINISTRATOR)
FOR_A_BODY = (SUBMITTER, CASE_OFFICER)
COMMAND_LINE = "command line"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_MAX = 200


@dataclass(frozen=True, slots=True)
class Right:
    """A role, for a submitter or a case officer with the sending body it is for (else empty).

    Without ``feed`` it is for the feeds whose contracts name the body; a feed that names nobody must be said here.
    """

    role: str
    provider: str = ""
    feed: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.role, self.provider, self.feed)))

    def covers(self, provider: str, contract: Contract) -> bool:
        """Whether it is for what that body sends of that feed: to send it, and to read what came of it."""
        if (self.role, self.provider) != (SUBMITTER, provider):
            return False
        return self.feed == contract.feed if self.feed else provider in contract.providers


@dataclass(frozen=True, slots=True)
class Account:
    """Who may sign in."""

    account_id: str
    email: str
    name: str
    language: str
    password: str | None
    code_seed: bytes | None
    code_step: int | None
    disabled: bool
    invitation_until: datetime | None
    signed_in_at: datetime | None
    rights: tuple[Right, ...] = ()

    @property
    def actor(self) -> str:
        """How audit events name it: never by e-mail."""
        return f"account:{self.account_id}"

    @property
    def roles(self) -> frozenset[str]:
        """All its roles."""
        return frozenset(right.role for right in self.rights)

    @property
    def bodies(self) -> tuple[str, ...]:
        """The bodies whose persons it follows as a case officer."""
        return tuple(sorted({right.provider for right in self.rights if right.role == CASE_OFFICER}))

    @property
    def providers(self) -> tuple[str, ...]:
        """The sending bodies it submits for."""
        return tuple(sorted({right.provider for right in self.rights if right.role == SUBMITTER}))


_FIELDS = ", ".join(f"a.{n}" for n in Account.__dataclass_fields__ if n not in ("rights", "account_id"))
_SELECT = f"SELECT a.account_id::text, {_FIELDS} FROM portal.account a"  # noqa: S608 - our own column names


def clean_email(text: str) -> str:
    """``text`` as it is stored. Raises UsageFault when it is no e-mail address."""
    email = text.strip().lower()
    if not _EMAIL.fullmatch(email) or len(email) > _MAX or not email.isprintable():
        raise UsageFault("this is no e-mail address")
    return email


def check_rights(rights: Iterable[Right], known: Iterable[str], open_feeds: Iterable[str]) -> tuple[Right, ...]:
    """``rights`` in order, each once.

    ``known`` are the sending bodies that contracts name, ``open_feeds`` the feeds that name nobody.

    Raises:
        UsageFault: an unknown role, or a submitter or case officer without a provider that can send.
    """
    names, feeds = set(known), set(open_feeds)
    for right in rights:
        if right.role not in ROLES:
            raise UsageFault(f"there is no role '{right.role}'; roles: {', '.join(ROLES)}")
        if (right.role in FOR_A_BODY) != bool(right.provider):
            raise UsageFault("a submitter and a case officer work for one provider, and nobody else has one")
        if right.role == CASE_OFFICER:  # of any body, also one that no contract names
            if right.feed or not inbox.is_name(right.provider):
                raise UsageFault(f"'{right}' cannot be: a case officer works for one body, for all its feeds")
            continue
        if right.feed and (right.feed not in feeds or not inbox.is_name(right.provider)):
            raise UsageFault(f"'{right}' cannot be; feeds that name nobody: {', '.join(sorted(feeds))}")
        if right.provider and not right.feed and right.provider not in names:
            raise UsageFault(
                f"'{right.provider}' cannot send; contracts name: {', '.join(sorted(names))}; for another body say "
                f"which feed it sends: {', '.join(sorted(feeds))}"
            )
    return tuple(sorted(set(rights), key=lambda right: (ROLES.index(right.role), right.provider, right.feed)))


def heard_of(connection: sa.Connection) -> set[str]:
    """The bodies that sent something, and those that accounts are for."""
    query = "SELECT provider FROM ops.delivery UNION SELECT provider FROM portal.account_right WHERE provider <> ''"
    return set(connection.execute(sa.text(query)).scalars())


def strangers(names: Iterable[str], bodies: Iterable[str]) -> dict[str, str | None]:
    """Those of ``names`` (no name is nobody's) that are none of ``bodies``, each with the one that it is like."""
    known = set(bodies)
    return {name: _like(name, known) for name in names if name and name not in known}


def _like(name: str, bodies: Iterable[str]) -> str | None:
    folded = {body.casefold(): body for body in sorted(bodies)}
    return next((folded[found] for found in get_close_matches(name.casefold(), folded, 1)), None)


def find(connection: sa.Connection, *, account_id: str | None = None, email: str | None = None) -> Account | None:
    """The account of that id or e-mail address, with its rights; None if there is none."""
    query = sa.text(f"{_SELECT} WHERE a.account_id::text = :id OR a.email = :email")
    row = connection.execute(query, {"id": account_id, "email": email and email.strip().lower()}).one_or_none()
    return _with_rights(connection, [row])[0] if row else None


def every(connection: sa.Connection) -> list[Account]:
    """All accounts by name."""
    return _with_rights(connection, connection.execute(sa.text(f"{_SELECT} ORDER BY a.name, a.email")).all())


def _with_rights(connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> list[Account]:
    accounts = [Account(**row._mapping) for row in rows]
    query = sa.text(
        "SELECT account_id::text AS id, role, provider, feed FROM portal.account_right ORDER BY role, provider, feed"
    )
    rights = list(connection.execute(query))
    return [
        replace(a, rights=tuple(Right(r.role, r.provider, r.feed) for r in rights if r.id == a.account_id))
        for a in accounts
    ]


def bodies_with_officers(connection: sa.Connection) -> list[str]:
    """The bodies for which somebody may follow persons."""
    query = """SELECT DISTINCT r.provider FROM portal.account_right r JOIN portal.account a USING (account_id)
        WHERE r.role = :role AND NOT a.disabled ORDER BY 1"""
    return list(connection.execute(sa.text(query), {"role": CASE_OFFICER}).scalars())


def add(
    connection: sa.Connection, email: str, name: str, language: str, rights: Sequence[Right], by: str, at: datetime
) -> str:
    """A new account without a password; returns its id.

    Raises:
        UsageFault: the address is none, or is taken.
    """
    values = {"email": clean_email(email), "name": name.strip()[:_MAX] or email, "language": language, "at": at}
    query = sa.text(
        "INSERT INTO portal.account (account_id, email, name, language, created_at) "
        "VALUES (uuidv7(), :email, :name, :language, :at) ON CONFLICT (email) DO NOTHING RETURNING account_id::text"
    )
    account_id = connection.execute(query, values).scalar()
    if account_id is None:
        raise UsageFault("there is an account with this e-mail address")
    _write_rights(connection, account_id, rights)
    _note(connection, by, "account.added", account_id, {"rights": _told(rights)}, at)
    return str(account_id)


def set_rights(connection: sa.Connection, account_id: str, rights: Sequence[Right], by: str, at: datetime) -> None:
    """Replaces what an account may do; its sessions end."""
    connection.execute(sa.text("DELETE FROM portal.account_right WHERE account_id = :id"), {"id": account_id})
    _write_rights(connection, account_id, rights)
    _end_sessions(connection, account_id)
    _note(connection, by, "account.rights", account_id, {"rights": _told(rights)}, at)


def _write_rights(connection: sa.Connection, account_id: str, rights: Sequence[Right]) -> None:
    query = sa.text("INSERT INTO portal.account_right VALUES (:id, :role, :provider, :feed)")
    for right in rights:
        values = {"id": account_id, "role": right.role, "provider": right.provider, "feed": right.feed}
        connection.execute(query, values)


def set_disabled(connection: sa.Connection, account_id: str, disabled: bool, by: str, at: datetime) -> None:
    """Closes an account, which ends its sessions, or opens it again."""
    query = sa.text("UPDATE portal.account SET disabled = :disabled WHERE account_id = :id")
    connection.execute(query, {"id": account_id, "disabled": disabled})
    _end_sessions(connection, account_id)
    _note(connection, by, "account.disabled" if disabled else "account.enabled", account_id, {}, at)


def invite(connection: sa.Connection, account_id: str, lasts: timedelta, by: str, at: datetime) -> str:
    """A new one-time token for choosing a password; password, one-time codes and sessions of before are gone."""
    token = new_token()
    query = sa.text(
        "UPDATE portal.account SET invitation = :hash, invitation_until = :until, password = NULL, code_seed = NULL, "
        "code_step = NULL WHERE account_id = :id"
    )
    connection.execute(query, {"hash": token_hash(token), "until": at + lasts, "id": account_id})
    _end_sessions(connection, account_id)
    _note(connection, by, "account.invited", account_id, {}, at)
    return token


def invited(connection: sa.Connection, token: str, at: datetime) -> Account | None:
    """The account that a token still invites; None if it was used, is too old, or was never given."""
    query = sa.text(f"{_SELECT} WHERE a.invitation = :hash AND a.invitation_until > :at AND NOT a.disabled")
    row = connection.execute(query, {"hash": token_hash(token), "at": at}).one_or_none()
    return _with_rights(connection, [row])[0] if row else None


def set_password(connection: sa.Connection, account: Account, password: str, at: datetime) -> None:
    """Replaces the password; the invitation is used up and all sessions end."""
    query = sa.text(
        "UPDATE portal.account SET password = :hash, invitation = NULL, invitation_until = NULL WHERE account_id = :id"
    )
    connection.execute(query, {"hash": hash_password(password), "id": account.account_id})
    _end_sessions(connection, account.account_id)
    _note(connection, account.actor, "account.password", account.account_id, {}, at)


def set_language(connection: sa.Connection, account_id: str, language: str) -> None:
    """Keeps the language in which an account reads."""
    query = sa.text("UPDATE portal.account SET language = :language WHERE account_id = :id")
    connection.execute(query, {"language": language, "id": account_id})


def set_codes(connection: sa.Connection, account: Account, sealed: bytes, step: int, at: datetime) -> None:
    """Turns one-time codes on; all sessions end.

    ``step`` is that of the code which proved that the telephone has the seed.
    """
    query = sa.text("UPDATE portal.account SET code_seed = :sealed, code_step = :step WHERE account_id = :id")
    connection.execute(query, {"sealed": sealed, "step": step, "id": account.account_id})
    _end_sessions(connection, account.account_id)
    _note(connection, account.actor, "account.codes", account.account_id, {}, at)


def use_code(connection: sa.Connection, account_id: str, step: int) -> bool:
    """Marks a code as used; False if somebody was faster with the same."""
    query = sa.text(
        "UPDATE portal.account SET code_step = :step "
        "WHERE account_id = :id AND (code_step IS NULL OR code_step < :step)"
    )
    return bool(connection.execute(query, {"step": step, "id": account_id}).rowcount)


def _end_sessions(connection: sa.Connection, account_id: str) -> None:
    connection.execute(sa.text("DELETE FROM portal.session WHERE account_id = :id"), {"id": account_id})


def _told(rights: Sequence[Right]) -> list[str]:
    return [str(right) for right in rights]


def _note(
    connection: sa.Connection, by: str, action: str, account_id: str, detail: dict[str, Any], at: datetime
) -> None:
    audit.append(connection, by, action, f"account:{account_id}", detail, at)
