"""UNODC's workbook, all countries in one run; a sample of what is found is worked out again from the file alone."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import median

import pytest
from tests.real.published import GLOTIP, Row, number, rows_of, where, whole

from marsad.contracts.catalog import load_catalog
from marsad.intake.office import Office
from marsad.intake.pipeline import ingest
from marsad.settings import Settings
from marsad.statistics.reconciliation import Contradiction, Figures, from_files, load_policy, reconcile, table

pytestmark = pytest.mark.long
SETTINGS = Settings.from_env({})
POLICY, CATALOG = load_policy(SETTINGS.schemas), load_catalog(SETTINGS, GLOTIP.feed)
KEY = ("Iso3_code", "Indicator", "Dimension", "Category", "Sex", "Age", "Year")
SERIES = 100
TOTAL = {"Dimension": "Total", "Sex": "Total", "Age": "Total"}
Found = tuple[Figures, list[Contradiction]]


@pytest.fixture(scope="module")
def workbook(data: Path) -> Found:
    figures = from_files([data / GLOTIP.path], [GLOTIP.feed], CATALOG, POLICY)
    return figures, reconcile(figures, POLICY)


def cited(figures: Figures, one: Contradiction, rows: Mapping[int, Row]) -> list[Row]:
    """The rows of the file that a finding names."""
    return [rows[int(figures.rows.loc[place, "id"].rpartition(":")[2])] for place in one.figures]


def least(row: Row) -> int:
    return 0 if row["txtVALUE"] == "<5" else number(row["txtVALUE"])


def most(row: Row) -> int:
    return 4 if row["txtVALUE"] == "<5" else number(row["txtVALUE"])


def test_all_rows_of_all_countries_are_compared(workbook: Found, data: Path) -> None:
    figures, _ = workbook
    rows = rows_of(data, GLOTIP)
    assert set(figures.rows["country"]) == {row["Iso3_code"] for row in rows.values() if row["Iso3_code"]} - {
        "Aruba/Curacao"
    }
    assert len(figures) == sum(len(row["Iso3_code"]) == 3 for row in rows.values())


def test_keys_with_several_values_are_exactly_those_of_the_file(workbook: Found, data: Path) -> None:
    figures, found = workbook
    rows = rows_of(data, GLOTIP)
    said: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in rows.values():
        if len(row["Iso3_code"]) == 3:
            said[tuple(row[name] for name in KEY)].add(row["txtVALUE"])
    several = {key for key, values in said.items() if len(values) > 1}
    told = [cited(figures, one, rows) for one in found if one.rule == "key.two_values"]
    assert {tuple(row[name] for name in KEY) for group in told for row in group} == several
    assert {(row["Iso3_code"], row["Year"]) for group in told for row in group} >= {
        ("MAR", "2018.0"), ("MAR", "2019.0"), ("MAR", "2020.0"),
    }  # fmt: skip  # "other forms", as the notes name them


def right(rule: str, rows: list[Row]) -> bool:
    """Whether the rows that a finding names bear it out, by plain arithmetic."""
    if rule.startswith("parts"):
        return _adds_up_wrongly(rule, rows)
    if rule == "order.period":
        earlier = [row for row in rows if "contact" in row["Indicator"]] or [
            row for row in rows if "prosec" in row["Indicator"]
        ]
        return max(map(most, earlier)) < max(least(row) for row in rows if row not in earlier)
    if rule == "history.outlier":
        return _stands_out(rows[0], rows[1:])
    if rule in {"rows.copied", "table.copied", "total.copied"}:
        values = [row["txtVALUE"] for row in rows]
        return all(values.count(value) == 2 for value in values)
    return len({row["txtVALUE"] for row in rows}) > 1  # key.two_values


def _adds_up_wrongly(rule: str, rows: list[Row]) -> bool:
    varied = [name for name in ("Sex", "Age", "Dimension") if len({row[name] for row in rows}) > 1]
    assert len(varied) == 1
    totals = [row for row in rows if row[varied[0]] == "Total"]
    cells: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if row not in totals:
            cells[tuple(row[name] for name in KEY)].append(row)
    low, high = (
        sum(min(map(least, cell)) for cell in cells.values()),
        sum(max(map(most, cell)) for cell in cells.values()),
    )
    if rule == "parts.short":
        return high < min(map(least, totals))
    if rule == "parts.one_exceeds":
        return max(min(map(least, cell)) for cell in cells.values()) > max(map(most, totals))
    return low > max(map(most, totals))


def _stands_out(row: Row, others: list[Row]) -> bool:
    """Four times more or less than the middle of the others, and than each."""
    own, usual = most(row) + 1, median(most(other) + 1 for other in others)
    return max(own / usual, usual / own) >= 4


def test_a_sample_of_series_holds_when_it_is_worked_out_again(workbook: Found, data: Path) -> None:
    figures, found = workbook
    rows = rows_of(data, GLOTIP)
    series = sorted(
        {(row["country"], row["indicator"]) for _, row in figures.rows[["country", "indicator"]].iterrows()}
    )
    drawn = set(random.Random(1).sample(series, SERIES))
    judged = []
    for one in found:
        first = figures.rows.loc[one.figures[0]]
        if (first["country"], first["indicator"]) in drawn:
            judged.append((one.rule, right(one.rule, cited(figures, one, rows))))
    assert len(judged) > SERIES
    assert sum(not holds for _, holds in judged) <= 0.1 * len(judged), judged


def test_the_warehouse_says_the_same_as_the_file(workbook: Found, office: Office, data: Path) -> None:
    """But for rows that say neither of what they are: the suite refused them."""
    receipt = ingest(office, data / GLOTIP.path, GLOTIP.feed, GLOTIP.provider)
    told = table(office.settings, [], [], "MAR")
    assert told.figures == receipt["rows_accepted"] == len(where(rows_of(data, GLOTIP), whole))
    figures, found = workbook
    here = figures.rows["country"] == "MAR"
    of_file = [one.rule for one in found if here[one.figures[0]]]
    assert [one.rule for one in told.found] == of_file
    assert len(of_file) > 20


def test_what_the_next_edition_holds_is_found(data: Path, tmp_path: Path) -> None:
    """As the notes tell: Côte d'Ivoire's 1,234 victims of 2022 after 147; a question's number as category and value."""
    rows = [
        row
        for row in rows_of(data, GLOTIP).values()
        if row["Iso3_code"] == "CIV" and row["Indicator"].startswith("Det")
    ]
    whole = [dict(row) for row in rows if row.items() >= TOTAL.items()]
    whole += [whole[0] | {"Year": "2021", "txtVALUE": "147"}, whole[0] | {"Year": "2022", "txtVALUE": "1,234"}]
    whole += [
        whole[0]
        | {"Year": "2019", "Dimension": "by citizenship", "Category": "Q6.1_10s_2019", "txtVALUE": "61,102,019"}
    ]
    path = tmp_path / "next.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(whole[0]))
        writer.writeheader()
        writer.writerows(whole)
    figures = from_files([path], [GLOTIP.feed], CATALOG, POLICY)
    found = {one.rule: one for one in reconcile(figures, POLICY) if one.rule in {"history.outlier", "key.code"}}
    assert found["history.outlier"].params["value"] == "1234"
    assert found["key.code"].params["value"] == "61102019"
