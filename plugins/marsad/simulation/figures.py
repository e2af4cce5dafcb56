"""What the first marts must show, counted by the oracle from the rows it knows to be in force."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

from marsad.contracts.model import Contract
from marsad.simulation.rows import Row

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

_UNKNOWN = "unknown"
_ADULT = 18
_VICTIM_KEYS = ("agency", "feed", "provider", "period", "sex", "age_band", "minor", "exploitation_form", "citizenship")
_FEW = ("agency", "period", "sex", "age_band")

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Victim:
    """One victim record by the dimensions it is counted in."""

    agency: str
    feed: str
    provider: str
    period: str
    sex: str
    age_band: str
    minor: str
    exploitation_forms: Keys
    citizenships: Keys

    def few(self) -> Keys:
        return self.agency, self.period, self.sex, self.age_band

    def all(self) -> Iterator[Keys]:
        """One key a form and citizenship, as the mart counts."""
        own = (self.agency, self.feed, self.provider, self.period, self.sex, self.age_band, self.minor)
        for form, citizenship in product(self.exploitation_forms, self.citizenships):
            yield *own, form, citizenship


def figures(current: Iterable[Current]) -> list[dict[str, Any]]:
    """All figures as ``{figure, keys, value}``: records by feed and provider, victims by the dimensions of the mart."""
    rows = list(current)
    victims = list(_victims(rows))
    place = ("feed", "provider")
    return [
        *_counted("records_current", place, [(contract.feed, provider) for contract, provider, _ in rows]),
        *_counted("victim_records_by_feed_provider", place, [(v.feed, v.provider) for v in victims]),
        *_counted("victims_by_agency_period_sex_ageband", _FEW, [v.few() for v in victims]),
        *_counted("victims_by_exploitation_form", ("exploitation_form",), _each(v.exploitation_forms for v in victims)),
        *_counted("victims_by_citizenship", ("citizenship",), _each(v.citizenships for v in victims)),
        *_counted("mart_victims", _VICTIM_KEYS, [key for v in victims for key in v.all()]),
        {"figure": "victim_records", "keys": {}, "value": len(victims)},
        {"figure": "records", "keys": {}, "value": len(rows)},
    ]


def _each(groups: Iterable[Keys]) -> list[Keys]:
    return [(code,) for codes in groups for code in codes]


def period(contract: Contract, row: Row) -> str | None:
    """Month or quarter of the row's period column; None where the period comes from elsewhere or the cell is empty."""
    on = row.values.get(contract.period.value) if contract.period.kind == "column" else None
    if not isinstance(on, date):
        return None
    return f"{on:%Y}-Q{(on.month + 2) // 3}" if contract.period.grain == "quarter" else f"{on:%Y-%m}"


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
        return _UNKNOWN
    return next((code for last, code in _BANDS if age <= last), _LAST_BAND)


def _victims(rows: Sequence[Current]) -> Iterator[_Victim]:
    """The records that speak of a victim: the contract binds columns to one, and the row meets its condition."""
    bound = {contract.feed: _bound(contract) for contract, _, _ in rows}
    for contract, provider, row in rows:
        if is_victim(contract, row):
            yield _victim(contract, provider, row, bound[contract.feed])


def is_victim(contract: Contract, row: Row) -> bool:
    """Whether a row speaks of a victim."""
    condition = contract.conditions.get("victim")
    return bool(_bound(contract)) and (
        condition is None or not condition.values.isdisjoint(_codes(row, (condition.column,)))
    )


def _victim(contract: Contract, provider: str, row: Row, bound: Mapping[str, Sequence[str]]) -> _Victim:
    age = years(contract, row) if contract.age and contract.age.entity == "victim" else None
    return _Victim(
        agency=contract.agency,
        feed=contract.feed,
        provider=provider,
        period=period(contract, row) or _UNKNOWN,
        sex=_codes(row, bound.get("sex", ()))[0],
        age_band=band(age),
        minor=_UNKNOWN if age is None else "yes" if age < _ADULT else "no",
        exploitation_forms=_codes(row, bound.get("exploitation_form", ())),
        citizenships=_codes(row, bound.get("citizenship", ())),
    )


def _bound(contract: Contract) -> Mapping[str, Sequence[str]]:
    """Field of entity victim to the columns that fill it."""
    found: dict[str, list[str]] = defaultdict(list)
    for column in contract.columns:
        for binding in column.bindings:
            if (binding.entity, binding.item) == ("victim", 1):
                found[binding.field].append(column.name)
    return found


def _codes(row: Row, columns: Iterable[str]) -> Keys:
    values = [row.values.get(column, ()) for column in columns]
    return tuple(code for value in values if isinstance(value, tuple) for code in value) or (_UNKNOWN,)


def _counted(figure: str, names: Sequence[str], keys: Iterable[Keys]) -> list[dict[str, Any]]:
    counts = Counter(keys)
    return [
        {"figure": figure, "keys": dict(zip(names, key, strict=True)), "value": counts[key]} for key in sorted(counts)
    ]
