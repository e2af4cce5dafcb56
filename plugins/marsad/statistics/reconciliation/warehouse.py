"""The warehouse's own counts as figures, so that they are held against published ones by the same rules."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import sqlalchemy as sa

from marsad.contracts.codelists import CodeList
from marsad.statistics.reconciliation.figures import Figures, shaped
from marsad.statistics.reconciliation.policy import Policy

OWN = "Marsad, "
"""What the source of a mart's figure begins with; the register or a feed follows."""

_RULE = "source, counting_unit, counting_stage, reference_date"
_VICTIMS = "counting_stage IN ('potential', 'presumed', 'identified', 'confirmed')"
_CONVICTED = "event = 'decided' AND counting_stage IN ('convicted', 'convicted_first', 'convicted_final')"
_MARTS = (  # name, year, what is counted, as which indicator, which rows
    ("persons", "year", "persons", "detected_victims", _VICTIMS),
    ("victim_totals", "left(period, 4)", "victim_records", "detected_victims", _VICTIMS),
    ("suspects", "left(period, 4)", "suspect_records", "formal_contact", "offence = 'tip'"),
    ("proceedings_period", "year", "proceedings", "prosecuted", "event = 'indicted' AND offence = 'tip'"),
    ("proceedings_period", "year", "proceedings", "convicted", f"{_CONVICTED} AND offence = 'tip'"),
)


def own_figures(connection: sa.Connection, policy: Policy, codelists: Mapping[str, CodeList]) -> Figures:
    """What the marts count of victims, suspects, indictments and convictions, by year, each with its counting rule."""
    rows = own_rows(connection)
    rows["id"] = rows["mart"] + " " + rows["source"] + " " + rows["period"]
    rows["source"] = OWN + rows["source"]
    rows["year"] = rows["period"].astype(int)
    return shaped(rows.assign(country=policy.warehouse), policy, codelists)


def own_rows(connection: sa.Connection) -> pd.DataFrame:
    """The same as the marts say it, in an order that is always the same."""
    parts = (
        f"""SELECT 'mart.{mart}' AS mart, {_RULE}, {year} AS period, '{indicator}' AS indicator, sum({count}) AS value
            FROM mart.{mart} WHERE {year} ~ '^[0-9]{{4}}$' AND {rows} GROUP BY {_RULE}, {year}"""  # noqa: S608 - our own names
        for mart, year, count, indicator, rows in _MARTS
    )
    result = connection.execute(sa.text(" UNION ALL ".join(parts) + " ORDER BY 1, 6, 2, 3, 4, 5, 7"))
    return pd.DataFrame(result.fetchall(), columns=list(result.keys()))
