"""What marts tell analysts on pages: figures that disagree, how good each sender's data is, what columns mean."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from marsad.warehouse.dictionary import SCHEMAS

PAGE = 25
_CHOSEN = """
    (:country = '' OR country = :country) AND (:indicator = '' OR indicator_en = :indicator)
    AND (:year = '' OR :year = ANY(regexp_split_to_array(period, '[^0-9]+')))
"""
_CONTRADICTIONS = f"""
    SELECT number, kind, rule, country, period, indicator_fr, indicator_ar, indicator_en, values_fr, values_ar,
           values_en, explanation_fr, explanation_ar, explanation_en
    FROM mart.contradictions WHERE {_CHOSEN} ORDER BY number LIMIT :most OFFSET :skip
"""  # noqa: S608 - our own words, here and below
_KINDS = f"SELECT kind, count(*) AS found FROM mart.contradictions WHERE {_CHOSEN} GROUP BY kind"  # noqa: S608
_YEARS = """
    SELECT DISTINCT year FROM mart.contradictions, regexp_split_to_table(period, '[^0-9]+') AS year
    WHERE year <> '' ORDER BY 1 DESC
"""
_COUNTRIES = "SELECT DISTINCT country FROM mart.contradictions ORDER BY 1"
_INDICATORS = "SELECT DISTINCT indicator_fr, indicator_ar, indicator_en FROM mart.contradictions ORDER BY 3"
_COMPARED = "SELECT figures_compared, compared_at FROM mart.contradictions LIMIT 1"
_SENDERS = """
    SELECT q.feed, q.provider, q.files, q.files_refused, q.rows_read, q.rows_quarantined,
           coalesce(p.expected, 0) AS expected, coalesce(p.in_time, 0) AS in_time, coalesce(p.late, 0) AS late,
           coalesce(p.missing, 0) AS missing
    FROM mart.provider_quality q LEFT JOIN (
        SELECT feed, provider, count(*) FILTER (WHERE state NOT IN ('open', 'due')) AS expected,
               count(*) FILTER (WHERE state IN ('received', 'quiet') AND days_late = 0) AS in_time,
               count(*) FILTER (WHERE state IN ('received', 'quiet') AND days_late > 0) AS late,
               count(*) FILTER (WHERE state = 'late') AS missing
        FROM mart.punctuality GROUP BY feed, provider
    ) AS p USING (feed, provider)
    ORDER BY q.feed, q.provider
"""
_NEWEST = "SELECT max(left(period, 4)) AS year FROM mart.deliveries WHERE period ~ '^[0-9]{4}'"
# By the period, which is what findings are grouped by: those of older deliveries are not read.
_BROKEN = """
    SELECT feed, rule, severity, message_fr, message_ar, message_en, sum(findings)::bigint AS findings,
           count(DISTINCT provider) AS providers
    FROM mart.quality WHERE severity IN ('critical', 'warning') AND (period IS NULL OR left(period, 4) >= :since)
    GROUP BY feed, rule, severity, message_fr, message_ar, message_en ORDER BY findings DESC, feed, rule LIMIT :most
"""
_COLUMNS = """
    SELECT n.nspname || '.' || c.relname AS view, obj_description(c.oid) AS holds, a.attname AS name,
           col_description(c.oid, a.attnum) AS means
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname = ANY(:schemas) AND c.relkind = 'v' ORDER BY 1, a.attnum
"""
_PATH = """
    SELECT year, step, persons, persons_met, median_days, nine_of_ten_days, counting_unit, counting_stage,
           reference_date, source
    FROM mart.referral_path ORDER BY year DESC
"""
STEPS = (
    "detection", "referral_from", "identification", "protection", "referral_to", "shelter", "service", "court",
    "return", "reintegration",
)  # fmt: skip
"""Kinds of steps as one comes to them on the path."""

_ORDER = ("en", "fr", "ar")  # of the lines of a comment: see warehouse.dictionary


def contradictions(connection: sa.Connection, chosen: Mapping[str, str], skip: int) -> list[dict[str, Any]]:
    """Up to ``PAGE`` contradictions and one more, the gravest first, of the year, country and indicator chosen."""
    return _rows(connection, _CONTRADICTIONS, {**chosen, "most": PAGE + 1, "skip": skip})


def kinds(connection: sa.Connection, chosen: Mapping[str, str]) -> dict[str, int]:
    """How many of each kind there are among the chosen."""
    return {row["kind"]: row["found"] for row in _rows(connection, _KINDS, chosen)}


def choices(connection: sa.Connection) -> dict[str, Any]:
    """What can be chosen: years, countries, indicators by their English words; and what was compared, when."""
    return {
        "years": [row["year"] for row in _rows(connection, _YEARS)],
        "countries": [row["country"] for row in _rows(connection, _COUNTRIES)],
        "indicators": _rows(connection, _INDICATORS),
        "compared": next(iter(_rows(connection, _COMPARED)), None),
    }


def senders(connection: sa.Connection) -> list[dict[str, Any]]:
    """Of each feed and provider: files, rows, what was refused, how many deliveries came in time, late, never."""
    return _rows(connection, _SENDERS)


def broken(connection: sa.Connection, most: int) -> tuple[str, list[dict[str, Any]]]:
    """The rules that are broken most often, and since which year: the one before the newest that anybody sent of."""
    newest = connection.execute(sa.text(_NEWEST)).scalar()
    since = str(int(newest) - 1) if newest else ""
    return since, _rows(connection, _BROKEN, {"since": since, "most": most})


def path(connection: sa.Connection) -> list[dict[str, Any]]:
    """Of each year of first contact, the newest first: its persons, and how many came to which step, how soon."""
    years = [list(rows) for _, rows in groupby(_rows(connection, _PATH), lambda row: row["year"])]
    return [
        {"year": steps[0]["year"], "persons": steps[0]["persons_met"], "told": steps[0],
         "steps": sorted(steps, key=lambda row: STEPS.index(row["step"]))} for steps in years
    ]  # fmt: skip


def dictionary(connection: sa.Connection, language: str) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Each view of marts and releases with what it holds, and its columns with what they mean."""
    found: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for row in _rows(connection, _COLUMNS, {"schemas": list(SCHEMAS)}):
        _, columns = found.setdefault(row["view"], (_line(row["holds"], language), []))
        columns.append((row["name"], _line(row["means"], language)))
    return found


def _line(comment: str | None, language: str) -> str:
    """Of a comment the line in that language, else the English one."""
    lines = (comment or "").split("\n")
    place = _ORDER.index(language)
    return lines[place] if place < len(lines) else lines[0]


def _rows(connection: sa.Connection, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(sa.text(query), values).mappings()]
