"""The end of the demonstration: one made-up person whom several agencies met, found by linkage, without her name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from rich.console import Console

from marsad.contracts.model import Contract
from marsad.intake.office import Office
from marsad.linkage.linker import link
from marsad.register.path import History, history, told
from marsad.register.refresh import refresh
from marsad.settings import Settings
from marsad.simulation.forms import Form
from marsad.simulation.offices import TELLERS, forms, providers
from marsad.warehouse.engine import clean_errors


def follow(settings: Settings) -> dict[str, Any]:
    """Does what the DAGs ``link`` and ``register`` have not got round to, and tells whoever most agencies met."""
    office = Office.open(settings)
    link(office)
    refresh(office)
    with clean_errors(), office.engine.connect() as connection:
        persons = connection.execute(sa.text("SELECT count(*) FROM register.person")).scalar_one()
        found = connection.execute(sa.text(_MOST_MET)).scalar()
        one = history(connection, found) if found else None
    office.engine.dispose()
    if one is None:
        return {"registered": persons}
    return {"registered": persons, **_summary(one, office.catalog.contracts)}


def _summary(one: History, contracts: Mapping[str, Contract]) -> dict[str, Any]:
    named = {status.source for status in one.statuses}
    scripts = {form.script for form in _forms(contracts) if (form.feed, form.provider) in named}
    return {
        "agencies": one.agencies,
        "scripts": sorted(scripts),
        "records": len(one.records),
        "status": one.status.status,
        "steps": [{"kind": step.kind, "on": step.began_on and str(step.began_on)} for step in one.steps],
        "lines": told(one),
    }


def _forms(contracts: Mapping[str, Contract]) -> Iterable[Form]:
    return (form for feed in TELLERS for form in forms(feed, providers(contracts[feed])))


def show(person: Mapping[str, Any], console: Console) -> None:
    """Her path, in a few lines."""
    console.print(
        f"\nIn the register after linkage: {person['registered']} persons. One of them, made up:", style="bold"
    )
    if "lines" not in person:
        return
    scripts = "one script" if len(person["scripts"]) == 1 else f"{len(person['scripts'])} scripts"
    seen = f"  seen by {len(person['agencies'])} agencies in {scripts}, {person['records']} records"
    for line in (seen, *person["lines"][1:]):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


_MOST_MET = """
    SELECT r.person_id::text FROM register.record r JOIN register.person p USING (person_id)
    GROUP BY r.person_id, p.purpose
    ORDER BY count(DISTINCT split_part(feed, '/', 1)) DESC, p.purpose, count(*) DESC, min(feed || provider || record_id)
    LIMIT 1
"""
