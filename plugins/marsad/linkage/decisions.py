"""What people decide of two records: stronger than the machine, kept for ever, taken back only by deciding anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from marsad import audit
from marsad.errors import UsageFault
from marsad.intake.office import Office
from marsad.linkage import queue
from marsad.linkage.access import transaction
from marsad.linkage.identities import person_id
from marsad.linkage.stock import Key


def decide(office: Office, pairs: Iterable[tuple[Key, Key]], actor: str, *, same: bool) -> int:
    """Notes that the records of each pair are of one person, or of two; linkage looks at them next. Returns how many.

    Raises:
        UsageFault: a record is not linked or was erased, or it is named beside itself.
    """
    with transaction(office.engine) as connection:
        number = _decide(connection, pairs, actor, office, same=same)
        head = audit.append(connection, actor, "link.decided", str(number), {"same": same}, office.clock())
    office.write_head(head)
    return number


def undo(office: Office, person: str, actor: str) -> int:
    """Decides that the records that went from ``person`` to another are of somebody else than those that were there.

    Whoever has them now: the other may have been merged further. The next run gives them their own person back.
    Records that came later are left to the machine. Returns how many pairs were decided.

    Raises:
        UsageFault: there is no such person, it was merged into nobody, or its records are with no others any more.
    """
    with transaction(office.engine) as connection:
        if connection.execute(sa.text(_HEIR), {"person": person_id(person)}).scalar() is None:
            raise UsageFault(f"person {person} was merged into nobody: there is nothing to take apart")
        pairs = [(Key(*row[:3]), Key(*row[3:])) for row in connection.execute(sa.text(_MET), {"person": person})]
        if not pairs:
            raise UsageFault(f"the records of person {person} are with no others: there is nothing to take apart")
        number = _decide(connection, pairs, actor, office, same=False)
        head = audit.append(connection, actor, "link.undone", person, {"pairs": number}, office.clock())
    office.write_head(head)
    return number


def _decide(
    connection: sa.Connection, pairs: Iterable[tuple[Key, Key]], actor: str, office: Office, *, same: bool
) -> int:
    ordered = {(min(pair), max(pair)) for pair in pairs}
    keys = sorted({key for pair in ordered for key in pair})
    known = {Key(*row) for row in connection.execute(sa.text(_KNOWN), queue.columns(keys))}
    if missing := [key for key in keys if key not in known]:
        raise UsageFault(f"not linked, or erased, so there is nothing to decide: {', '.join(map(str, missing))}")
    if any(one == other for one, other in ordered):
        raise UsageFault("a record is always of one person with itself")
    put(connection, ordered, actor, office.clock(), same=same)
    return len(ordered)


def put(connection: sa.Connection, pairs: Iterable[tuple[Key, Key]], actor: str, at: datetime, *, same: bool) -> None:
    """Writes decisions (the smaller record first) and has linkage look at the records; the caller audits them."""
    told = {"same": same, "by": actor, "at": at}
    for pair in pairs:
        connection.execute(sa.text(_PUT), told | queue.ends(*pair))
        queue.put(connection, pair)


_HEIR = "SELECT merged_into FROM link.person WHERE person_id = CAST(:person AS uuid)"
# Whom the records of a person met where they are now: those that were there when they came, and those that another
# person brought along at the same moment. What was new at that moment had no person yet.
_MET = """
    WITH RECURSIVE heir AS (
        SELECT merged_into AS person_id FROM link.person WHERE person_id = CAST(:person AS uuid)
        UNION SELECT p.merged_into FROM heir JOIN link.person p USING (person_id) WHERE p.merged_into IS NOT NULL
    ), went AS (
        SELECT DISTINCT r.feed, r.provider, r.record_id, r.person_id, r.since
        FROM link.move m JOIN link.record r USING (feed, provider, record_id) JOIN heir h USING (person_id)
        WHERE m.from_person = CAST(:person AS uuid)
    ), came AS (SELECT person_id, max(since) AS at FROM went GROUP BY person_id)
    SELECT w.feed, w.provider, w.record_id, o.feed, o.provider, o.record_id
    FROM went w JOIN came c USING (person_id) JOIN link.record o USING (person_id)
    WHERE (o.feed, o.provider, o.record_id) NOT IN (SELECT feed, provider, record_id FROM went)
      AND (o.since < c.at OR o.since = c.at AND EXISTS (
          SELECT FROM link.move m
          WHERE (m.feed, m.provider, m.record_id, m.to_person, m.at)
              = (o.feed, o.provider, o.record_id, o.person_id, o.since)))
"""
_KNOWN = (
    f"SELECT r.feed, r.provider, r.record_id FROM {queue.KEYS} JOIN link.record r USING (feed, provider, record_id)"  # noqa: S608
    " WHERE NOT EXISTS (SELECT FROM vault.erased e"
    " WHERE (e.feed, e.provider, e.record_id) = (r.feed, r.provider, r.record_id))"
)
_PUT = f"""
    INSERT INTO link.decision ({queue.ENDS}, same, decided_by, decided_at) VALUES ({queue.END_VALUES}, :same, :by, :at)
"""  # noqa: S608
