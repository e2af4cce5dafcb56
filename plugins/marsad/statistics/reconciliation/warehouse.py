"""The warehouse's own counts as figures, so that they are held against published ones by the same rules."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import sqlalchemy as sa

from marsad.contracts.codelists import CodeList
from marsad.statistics.reconciliation.figures import Figures, shaped
from marsad.statistics.reconciliation.policy import Policy

RECORD = "record"
"""Counting unit of what an agency sent, before linkage; no institution publishes it."""

_QUERY = sa.text("""
    SELECT feed, left(period, 4) AS period, status AS counting_stage, sum(victim_records)::bigint AS value
    FROM mart.victim_totals WHERE period ~ '^[0-9]{4}' AND feed = ANY(:feeds) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
""")


def own_figures(connection: sa.Connection, policy: Policy, codelists: Mapping[str, CodeList]) -> Figures:
    """Victim records that count now by feed, year and status."""
    result = connection.execute(_QUERY, {"feeds": list(policy.warehouse.feeds)})
    rows = pd.DataFrame(result.fetchall(), columns=list(result.keys()))
    rows["id"] = "mart.victim_totals " + rows["feed"] + " " + rows["period"] + " " + rows["counting_stage"]
    rows["source"] = "Marsad, " + rows["feed"]
    rows["reference_date"] = rows["feed"].map(policy.warehouse.feeds)
    rows["year"] = rows["period"].astype(int)
    told = {"country": policy.warehouse.country, "indicator": "detected_victims", "counting_unit": RECORD}
    return shaped(rows.assign(**told), policy, codelists)
