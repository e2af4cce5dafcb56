"""Whom mail goes to: addresses by provider and kind, administered at the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, get_args

import sqlalchemy as sa

from marsad import audit
from marsad.errors import UsageFault
from marsad.intake.due import ContactKind
from marsad.intake.inbox import is_name

PLATFORM = ""  # the provider of contacts that belong to no provider
KINDS: tuple[ContactKind, ...] = get_args(ContactKind)
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")  # WHATWG HTML, e-mail state
_LONGEST = 254  # RFC 5321, 4.5.3.1.3


def add(connection: sa.Connection, provider: str, email: str, kind: str, by: str, at: datetime) -> None:
    """Enters a contact, audited without the address; entering it again changes nothing.

    Raises:
        UsageFault: no address, no such kind, or no name of a provider.
    """
    if not _ADDRESS.fullmatch(email) or len(email) > _LONGEST:
        raise UsageFault("this is no e-mail address")
    if kind not in KINDS:
        raise UsageFault(f"there is no kind '{kind}' of contact; kinds: {', '.join(KINDS)}")
    if not is_name(provider) and (provider != PLATFORM or kind != "engineer"):
        raise UsageFault(f"'{provider}' is no name of a provider")
    values = {"provider": provider, "email": email, "kind": kind, "by": by, "at": at}
    query = "INSERT INTO ops.contact VALUES (:provider, :email, :kind, :by, :at) ON CONFLICT DO NOTHING"
    if connection.execute(sa.text(query), values).rowcount:
        audit.append(connection, by, "contact.added", provider, {"kind": kind}, at)


def remove(connection: sa.Connection, provider: str, email: str, by: str, at: datetime) -> None:
    """Takes an address of a provider away, whatever its kinds.

    Raises:
        UsageFault: the provider has no such contact.
    """
    query = "DELETE FROM ops.contact WHERE provider = :provider AND email = :email"
    if not connection.execute(sa.text(query), {"provider": provider, "email": email}).rowcount:
        raise UsageFault("there is no such contact; see: marsad contact list")
    audit.append(connection, by, "contact.removed", provider, {}, at)


def listed(connection: sa.Connection) -> list[dict[str, Any]]:
    """All contacts, by provider."""
    query = "SELECT provider, email, kind, added_by, added_at::text FROM ops.contact ORDER BY provider, kind, email"
    return [dict(row) for row in connection.execute(sa.text(query)).mappings()]


def addresses(connection: sa.Connection, provider: str, kinds: Iterable[ContactKind]) -> list[str]:
    """Addresses of a provider's contacts of these kinds, each once; engineers are the platform's as well."""
    query = sa.text(
        "SELECT DISTINCT email FROM ops.contact WHERE kind = ANY(:kinds) "
        "AND (provider = :provider OR (provider = '' AND kind = 'engineer')) ORDER BY email"
    )
    return list(connection.execute(query, {"provider": provider, "kinds": list(kinds)}).scalars())
