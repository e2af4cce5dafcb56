"""What was found, kept in ``ref.contradiction`` for analysts, and made anew only when figures changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from marsad import __version__
from marsad.contracts.codelists import CodeList, load_codelists
from marsad.settings import Settings
from marsad.statistics.reconciliation.compare import reconcile
from marsad.statistics.reconciliation.contradictions import Contradiction, described
from marsad.statistics.reconciliation.figures import Figures, from_warehouse
from marsad.statistics.reconciliation.policy import load_policy
from marsad.statistics.reconciliation.warehouse import own_figures, own_rows
from marsad.warehouse.model import LANGUAGES
from marsad.warehouse.tables import tables

_STOCK = sa.text("""
    SELECT count(*) || ' ' || coalesce(sum(f.content_id), 0)
    FROM core.figure f JOIN core.sighting s ON s.content_id = f.content_id AND s.current
""")


def compared(connection: sa.Connection, settings: Settings) -> tuple[Figures, list[Contradiction]]:
    """All figures that count now, the warehouse's own among them, and what does not go together."""
    policy, codelists = load_policy(settings.schemas), load_codelists(*settings.codelist_dirs)
    figures = from_warehouse(connection, policy, codelists) + own_figures(connection, policy, codelists)
    return figures, reconcile(figures, policy)


def renew(connection: sa.Connection, settings: Settings) -> None:
    """Brings ``ref.contradiction`` up to date, where figures or rules changed since it was."""
    state = _state(connection, settings)
    if state == connection.execute(sa.text("SELECT state FROM ref.reconciled")).scalar():
        return
    connection.execute(sa.text("LOCK TABLE ref.reconciled IN EXCLUSIVE MODE"))  # two at once would write rows twice
    figures, found = compared(connection, settings)
    for table in ("contradiction", "reconciled"):
        connection.execute(sa.text(f"DELETE FROM ref.{table}"))  # noqa: S608 - our own names
    rows = _rows(settings, figures, found)
    if rows:
        connection.execute(tables().tables["ref.contradiction"].insert(), rows)
    made = {"state": state, "figures": len(figures)}
    connection.execute(
        sa.text("INSERT INTO ref.reconciled (state, figures, at) VALUES (:state, :figures, now())"), made
    )


def _state(connection: sa.Connection, settings: Settings) -> str:
    """Changes with the figures that count, the warehouse's own too, and with whatever decides how they are judged."""
    whole = hashlib.sha256(f"{__version__} {connection.execute(_STOCK).scalar()}".encode())
    whole.update(own_rows(connection).to_csv(index=False).encode())
    for name in ("policies/reconciliation.yaml", "contradictions.yaml"):
        whole.update((settings.schemas / name).read_bytes())
    return whole.hexdigest()


def _rows(settings: Settings, figures: Figures, found: Sequence[Contradiction]) -> list[dict[str, Any]]:
    codelists = load_codelists(*settings.codelist_dirs)
    return [
        {"number": number, **_in_all_languages(figures, one, codelists)} for number, one in enumerate(found, start=1)
    ]


def _in_all_languages(figures: Figures, found: Contradiction, codelists: Mapping[str, CodeList]) -> dict[str, Any]:
    said = {language: described(found, figures, codelists, language) for language in LANGUAGES}
    row = {name: said["en"][name] for name in ("rule", "kind", "country", "period", "figures")}
    for language, told in said.items():
        row |= {f"{name}_{language}": told[name] for name in ("indicator", "values", "explanation")}
    return row
