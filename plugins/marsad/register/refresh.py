"""``marsad register``: the register brought in step with the records that count and with who is whom.

One transaction notices who is touched and rebuilds these persons whole, so a killed run has done nothing, and what
stands there is a function of records, links and policy whatever the way there was. It opens nobody: the database role
``registrar`` reads nothing of the vault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from marsad.contracts.model import Contract
from marsad.errors import own_faults_only
from marsad.intake.office import Office
from marsad.linkage.access import transaction
from marsad.register import queue, store
from marsad.register.policy import Survivorship, load_survivorship
from marsad.register.survivorship import Speaking

AT_ONCE = 5_000  # persons held in memory
_LARGE = 10_000  # persons from which on the planner is told what there is now


def refresh(office: Office, progress: Callable[[str], None] = lambda _text: None) -> dict[str, int]:
    """Rebuilds whoever is touched; returns how many persons that were, and how many are registered with what.

    Raises:
        UsageFault: a contract or the policy is wrong.
        PassingFault, PlatformFault: the database; nothing is rebuilt then, and the next run takes it up.
    """
    policy = load_survivorship(office.settings.schemas)
    speaking = _speaking(policy, office.catalog.contracts)
    with own_faults_only(), transaction(office.engine, "registrar") as connection:
        _adopt(connection, policy, office)
        touched = queue.notice(connection)
        if not touched:
            return {"touched": 0, "registered": 0, "records": 0, "steps": 0}
        records = store.collect(connection)
        people = store.due(connection)
        registered = 0
        for start in range(0, len(people), AT_ONCE):
            registered += store.settle(connection, people[start : start + AT_ONCE], policy, speaking)
            progress(f"register: {min(start + AT_ONCE, len(people))} of {len(people)} persons")
        steps = store.follow(connection, office.clock(), analyse=touched >= _LARGE)
    return {"touched": touched, "registered": registered, "records": records, "steps": steps}


def _adopt(connection: sa.Connection, policy: Survivorship, office: Office) -> None:
    """Notes the policy in use; another than before means that everybody is rebuilt."""
    document = policy.model_dump(mode="json") | {"nothing": sorted(policy.nothing)}
    if connection.execute(sa.text(_IN_USE)).scalar() == document:
        return
    connection.execute(sa.text(_ADOPT), {"at": office.clock(), "document": json.dumps(document)})
    queue.everybody(connection)


def _speaking(policy: Survivorship, contracts: Mapping[str, Contract]) -> Speaking:
    """Which feeds have a vaulted column for some concept of an identity."""
    vaulted = {
        feed: {
            b.field for column in contract.columns if column.vaulted for b in column.bindings if b.entity == "victim"
        }
        for feed, contract in contracts.items()
    }
    return {
        name: frozenset(feed for feed, fields in vaulted.items() if fields & {*rule.concepts})
        for name, rule in policy.identity.items()
    }


_IN_USE = "SELECT document FROM register.policy ORDER BY since DESC LIMIT 1"
_ADOPT = "INSERT INTO register.policy (since, document) VALUES (:at, CAST(:document AS jsonb))"
