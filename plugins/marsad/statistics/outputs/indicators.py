"""SDG indicator 16.2.2 and the data points of the US report on trafficking in persons, each with its counting rule."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from marsad.policies import load
from marsad.statistics.outputs.forms import FOLDER, Answer, Codes, Points, Unodc, answer, counted
from marsad.statistics.outputs.words import Words
from marsad.warehouse.release_tables import HIDDEN, RULE

_PER = 100_000
_DETECTED = "Detected trafficking victims"
_OLDEST = 2  # years: a population counted longer ago says little of now
_SDG = (
    "year", "sex", "age", "exploitation_form", "victims", "flag", "per_100000", "population", "population_counted_on",
    "population_source", *RULE,
)  # fmt: skip
_TIP = ("point", "label_fr", "label_ar", "label_en", "value", "flag", "answered", *RULE)
Row = tuple[str | int | float | None, ...]


def sdg(words: Words, schemas: Path) -> bytes:
    """Detected victims per 100,000 as CSV; without a population of a group there is a number but no rate."""
    form = load(Unodc, schemas, "unodc", FOLDER)
    tables, people = counted(words.build, form.indicators[_DETECTED]), _population(words, schemas, form.country)
    asked: list[tuple[str, str, str, Codes]] = [("Total", "Total", "Total", {})]
    asked += [(name, "Total", "Total", {"sex": codes}) for name, codes in form.sex.items() if name != "Total"]
    asked += [("Total", name, "Total", {"age_band": codes}) for name, codes in form.age_band.items() if name != "Total"]
    asked += [("Total", "Total", name, {"exploitation_form": codes}) for name, codes in form.exploitation_form.items()]
    found = [(place, answer(tables, codes)) for *place, codes in asked]
    return _csv(_SDG, [_rate(words, place, one, people) for place, one in found if one])


def us_tip(words: Words, schemas: Path) -> bytes:
    """The data points as CSV; those that the release does not hold say so."""
    return _csv(_TIP, [*_points(words, load(Points, schemas, "us_tip", FOLDER))])


def _points(words: Words, form: Points) -> Iterator[Row]:
    asked = [(counted(words.build, group.ask), one) for group in form.groups for one in group.points.items()]
    for tables, (name, point) in asked:
        found = answer(tables, point.codes)
        labels = [point.label[language] for language in ("fr", "ar", "en")]
        said = _said(found) if found else (None, "")
        yield (name, *labels, *said, "yes" if found else "not in this release", *_rule(found))


def _rate(words: Words, place: Sequence[str], found: Answer, people: dict[str, str] | None) -> Row:
    sex, age, _ = place
    whole = people if people and (sex, age) == ("Total", "Total") else None
    rate = round(found.value * _PER / int(whole["persons"]), 4) if whole and found.value is not None else None
    source = (whole["persons"], whole["counted_on"], whole["source"]) if whole else (None, None, None)
    return (words.build.period.starts_on.year, *place, *_said(found), rate, *source, *_rule(found))


def _population(words: Words, schemas: Path, country: str) -> dict[str, str] | None:
    """The newest count of all people that is not of later years, nor too old."""
    year = words.build.period.starts_on.year
    with (schemas / "reference" / "population.csv").open(encoding="utf-8", newline="") as file:
        known = [row for row in csv.DictReader(file) if row["country"] == country]
    whole = [row for row in known if (row["sex"], row["age"]) == ("total", "total")]
    near = [row for row in whole if 0 <= year - int(row["year"]) <= _OLDEST]
    return max(near, key=lambda row: row["year"], default=None)


def _said(found: Answer) -> tuple[int | None, str]:
    return found.value, HIDDEN if found.value is None else ""


def _rule(found: Answer | None) -> tuple[str | None, ...]:
    if found is None:
        return (None,) * len(RULE)
    rule = found.table.counting
    return rule.unit, rule.stage, rule.reference_date, rule.source


def _csv(header: Sequence[str], rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows((header, *rows))
    return text.getvalue().encode()
