"""What the first marts must show, counted by the oracle from the rows it knows to be in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import product
from typing import Any

from marsad.contracts.model import Contract
from marsad.simulation.rows import Row, Value

Current = tuple[Contract, str, Row]
"""A record in force: contract, provider, row."""

_BANDS = (
    (8, "0-8"),
    (17, "9-17"),
    (20, "18-20"),
    (23, "21-23"),
    (26, "24-26"),
    (29, "27-29"),
    (38, "30-38"),
    (47, "39-47"),
)
_LAST_BAND = "48+"
"""Age bands of the CTDC codebook v2024: last year of a band, its code."""

_VICTIM_KEYS = ("agency", "feed", "provider", "period", "sex", "age_band", "minor", "exploitation_form", "citizenship")


def figures(current: Iterable[Current]) -> list[dict[str, Any]]:
    """All figures as ``{figure, keys, value}``: records by feed and provider, victims by the dimensions of the mart."""
    rows = list(current)
    victims = [item for item in rows if feeds(item[0], item[2], "victim")]
    detailed = [key for item in victims for key in _victim_keys(item)]
    plain = [_plain_keys(item) for item in victims]
    return [
        *_counted("records_current", ("feed", "provider"), [(c.feed, provider) for c, provider, _ in rows]),
        *_counted("victim_records_by_feed_provider", ("feed", "provider"), [key[1:3] for key in plain]),
        *_counted(
            "victims_by_agency_period_sex_ageband", ("agency", "period", "sex", "age_band"), [_short(k) for k in plain]
        ),
        *_counted(
            "victims_by_exploitation_form",
            ("exploitation_form",),
            [(code,) for i in victims for code in _codes(i, "exploitation_form")],
        ),
        *_counted(
            "victims_by_citizenship", ("citizenship",), [(code,) for i in victims for code in _codes(i, "citizenship")]
        ),
        *_counted("mart_victims", _VICTIM_KEYS, detailed),
        {"figure": "victim_records", "keys": {}, "value": len(victims)},
        {"figure": "records", "keys": {}, "value": len(rows)},
    ]


def feeds(contract: Contract, row: Row, entity: str) -> bool:
    """Whether the row makes a record of that entity."""
    bound = any(b.entity == entity and b.item == 1 for column in contract.columns for b in column.bindings)
    condition = contract.conditions.get(entity)
    return bound and (condition is None or not condition.values.isdisjoint(_as_codes(row.values.get(condition.column))))


def period(contract: Contract, row: Row) -> str | None:
    """The month of the row's period column; None where the period comes from elsewhere or the cell is empty."""
    on = row.values.get(contract.period.value) if contract.period.kind == "column" else None
    return f"{on:%Y-%m}" if isinstance(on, date) else None


def years(contract: Contract, row: Row) -> int | None:
    """Age in completed years as the contract derives it: from the birth date, else as stated."""
    if contract.age is None:
        return None
    born, on, stated = (
        row.values.get(name or "") for name in (contract.age.birth_date, contract.age.on, contract.age.stated)
    )
    if isinstance(born, date) and isinstance(on, date):
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return stated if isinstance(stated, int) else None


def band(age: int | None) -> str:
    """The age band's code."""
    if age is None:
        return "unknown"
    return next((code for last, code in _BANDS if age <= last), _LAST_BAND)


def _minor(age: int | None) -> str:
    return "unknown" if age is None else "yes" if age < 18 else "no"


def _plain_keys(item: Current) -> tuple[str, ...]:
    contract, provider, row = item
    age = years(contract, row) if contract.age and contract.age.entity == "victim" else None
    sex = _codes(item, "sex")[0]
    return contract.agency, contract.feed, provider, period(contract, row) or "unknown", sex, band(age), _minor(age)


def _short(key: tuple[str, ...]) -> tuple[str, ...]:
    return key[0], key[3], key[4], key[5]


def _victim_keys(item: Current) -> Iterator[tuple[str, ...]]:
    plain = _plain_keys(item)
    for form, citizenship in product(_codes(item, "exploitation_form"), _codes(item, "citizenship")):
        yield *plain, form, citizenship


def _codes(item: Current, name: str) -> tuple[str, ...]:
    """Codes of a field of entity victim; ``unknown`` when the row has none."""
    contract, _, row = item
    bound = [
        c.name for c in contract.columns if any((b.entity, b.field, b.item) == ("victim", name, 1) for b in c.bindings)
    ]
    found = [code for column in bound for code in _as_codes(row.values.get(column))]
    return tuple(found) or ("unknown",)


def _as_codes(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _counted(figure: str, names: Sequence[str], keys: Iterable[tuple[str, ...]]) -> list[dict[str, Any]]:
    counts: Mapping[tuple[str, ...], int] = Counter(keys)
    return [
        {"figure": figure, "keys": dict(zip(names, key, strict=True)), "value": counts[key]} for key in sorted(counts)
    ]
