"""Opening what a delivery held: the annotated workbook of one delivery, made from landing, audited, kept nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from marsad import audit, durable
from marsad.errors import UsageFault, own_faults_only
from marsad.intake import landing, ledger, sealed
from marsad.intake.ledger import Delivery
from marsad.intake.office import Office
from marsad.intake.reports.files import report_paths
from marsad.intake.reports.workbook import annotate
from marsad.warehouse.engine import clean_errors


def annotated(
    office: Office, delivery_id: str, language: str, actor: str,
    allowed: Callable[[sa.Connection], None] = lambda _connection: None,
) -> bytes:  # fmt: skip
    """The annotated workbook (XLSX) of a settled delivery in ``fr``, ``ar`` or ``en``.

    It holds what was sent, so it is for the delivery's own provider alone: the caller sees to that. That ``actor``
    opened it is in the audit trail before anything is handed out; ``allowed`` is asked before anything is opened and
    again in the transaction of that event, and raises what it pleases.

    Raises:
        UsageFault: there is no such delivery, or it has no report yet.
        KeyDestroyed: what was sent is gone by policy; receipt and pages stay.
        PassingFault, PlatformFault: landing, ledger or disk.
    """
    with clean_errors(), office.engine.connect() as connection:
        if not ledger.exists(connection, delivery_id):
            raise UsageFault(f"there is no delivery {delivery_id}")
        delivery = ledger.get(connection, delivery_id)
        allowed(connection)
    report = _report(office, delivery)
    tmp, keyring = office.settings.place("tmp"), office.keyring
    with (
        own_faults_only(),
        landing.open_landed(delivery.sha256, office.landing, keyring, tmp) as path,
        sealed.opened_if_possible(path, keyring, tmp) as clear,
    ):
        workbook = annotate(clear, office.contract(delivery.feed), report, language)
    _note(office, delivery, language, actor, allowed)
    return workbook


def _report(office: Office, delivery: Delivery) -> dict[str, Any]:
    path = report_paths(office.settings.place("reports"), delivery.provider, delivery.delivery_id)["json"]
    if not path.is_file():
        raise UsageFault(f"delivery {delivery.delivery_id} has no report")
    with durable.os_faults("reading a report"):
        report: dict[str, Any] = json.loads(path.read_bytes())
    return report


def _note(
    office: Office, delivery: Delivery, language: str, actor: str, allowed: Callable[[sa.Connection], None]
) -> None:
    detail = {"feed": delivery.feed, "provider": delivery.provider, "kind": "workbook", "language": language}
    with clean_errors(), office.engine.begin() as connection:
        allowed(connection)
        head = audit.append(connection, actor, "report.opened", delivery.delivery_id, detail, office.clock())
    office.write_head(head)
