"""Age, age band and minority, derived while the birth date is still at hand (it lives in the vault afterwards).

A row knows an age only within bounds: a birth date gives one age, a bare birth year two that follow each other, a
stated age itself. Whatever holds for all ages within the bounds is certain; nothing else is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from marsad.contracts.codelists import CodeList
from marsad.contracts.model import AgeSource, Contract
from marsad.errors import UsageFault
from marsad.intake.blocks import State

AGE_YEARS = "age_years"
AGE_BAND = "age_band"
MINOR = "minor"
AGE_AGREES = "age_agrees"
DERIVED = (AGE_YEARS, AGE_BAND, MINOR, AGE_AGREES)

# Palermo Protocol art. 3(d); law 27-14 (Morocco) art. 448-1.
ADULT_AT = 18
# Stated and computed age may differ by one: a birthday lies between the question and the record.
_AGREE_WITHIN = 1
_BAND = re.compile(r"(?P<low>\d+)(?:-(?P<high>\d+)|\+)")
_OLDEST = 200  # whatever is older is in the same band
_NO_AGE = -1  # below every age, so that no band and no bound holds it; what judges see of who was not yet born
_TYPES: Mapping[str, frozenset[str]] = {
    "birth_date": frozenset({"date"}),
    "stated": frozenset({"integer", "number"}),
    "on": frozenset({"date", "timestamp"}),
}

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Derived = tuple[Mapping[str, pa.Array], Mapping[str, npt.NDArray[np.uint8]]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Least and greatest age a row can have, in completed years; ``_NO_AGE`` in both where nothing is known."""

    low: Ints
    high: Ints

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Rows with any bound at all."""
        known: npt.NDArray[np.bool_] = self.low != _NO_AGE
        return known

    def within(self, outer: Bounds) -> npt.NDArray[np.bool_]:
        """Rows where both are known and these bounds lie inside the outer ones."""
        return self.known & outer.known & (self.low >= outer.low) & (self.high <= outer.high)

    def where(self, chosen: npt.NDArray[np.bool_], other: Bounds) -> Bounds:
        """These bounds in the chosen rows, the other ones elsewhere."""
        return Bounds(np.where(chosen, self.low, other.low), np.where(chosen, self.high, other.high))


def age_bands(codelist: CodeList) -> tuple[tuple[int, int, str], ...]:
    """Least age, greatest age and code of each band (``9-17``, ``48+``) of the list, narrowest first."""
    top = np.iinfo(np.int64).max
    found = ((_BAND.fullmatch(code), code) for code in codelist.codes)
    bands = ((int(band["low"]), int(band["high"] or top), code) for band, code in found if band)
    return tuple(sorted(bands, key=lambda band: band[1] - band[0]))


class AgeDeriver:
    """Derives ``age_years``, ``age_band``, ``minor`` and ``age_agrees`` of one contract, block by block.

    Raises UsageFault when the contract names a column for it that cannot hold such a thing, or gives one of the derived
    names to a column of its own.
    """

    def __init__(self, contract: Contract, source: AgeSource, codelists: Mapping[str, CodeList]) -> None:
        _check(contract, source)
        if AGE_BAND not in codelists:
            raise UsageFault(f"'{contract.feed}' derives the age: there is no code list '{AGE_BAND}'")
        self._source = source
        self._bands = age_bands(codelists[AGE_BAND])
        self._codes = pa.array([*(code for _, _, code in self._bands), None], pa.string())
        # The band of every age and of every two ages that follow each other.
        self._places = np.array([[self._place(low, low + more) for low in range(_OLDEST + 1)] for more in (0, 1)])

    def derive(self, values: Mapping[str, pa.Array], years: Mapping[str, pa.Array], rows: int) -> Derived:
        """Values and states of the derived columns; ``years`` holds known birth years by column."""
        stated = _stated(values.get(self._source.stated or ""), rows)
        computed, unborn = self._computed(values, years, rows)
        use_stated = stated.within(computed) | ~computed.known
        age = stated.where(use_stated, computed)
        arrays = {
            AGE_YEARS: pa.array(age.low, pa.int64(), mask=np.where(age.known, age.low != age.high, ~unborn)),
            AGE_BAND: self._band(age),
            MINOR: _minor(age),
            AGE_AGREES: _agrees(stated, computed, unborn),
        }
        return arrays, {name: _states(array) for name, array in arrays.items()}

    def _computed(
        self, values: Mapping[str, pa.Array], years: Mapping[str, pa.Array], rows: int
    ) -> tuple[Bounds, Mask]:
        """The age by the birth date, and the rows of those who were born after they were met."""
        name, on = self._source.birth_date, self._source.on
        if name is None or on is None:
            return _nothing(rows), np.zeros(rows, np.bool_)
        birth, met = _Days(values[name]), _Days(values[on].cast(pa.date32()))
        age, stated = _age_between(birth, met), birth.known
        if name in years:
            age = age.where(birth.known, _age_from_year(years[name], met))
            stated = stated | _valid(years[name])
        return age, stated & met.known & ~age.known

    def _band(self, age: Bounds) -> pa.Array:
        """The narrowest band that holds both bounds; null where there is none."""
        low, spread = np.minimum(age.low, _OLDEST), age.high - age.low
        return self._codes.take(pa.array(np.where(age.known, self._places[spread, low], len(self._bands))))

    def _place(self, low: int, high: int) -> int:
        fits = (place for place, band in enumerate(self._bands) if band[0] <= low and high <= band[1])
        return next(fits, len(self._bands))


class _Days:
    """Calendar parts of dates as integers; zeros where there is no date."""

    def __init__(self, days: pa.Array) -> None:
        self.known = _valid(days)
        self.year = _ints(pc.year(days))
        self.day_of_year = _ints(pc.month(days)) * 100 + _ints(pc.day(days))


def _valid(values: pa.Array) -> Mask:
    valid: Mask = pc.is_valid(values).to_numpy(zero_copy_only=False)
    return valid


def _ints(values: pa.Array) -> Ints:
    numbers: Ints = values.fill_null(0).to_numpy(zero_copy_only=False)
    return numbers


def _age_between(birth: _Days, met: _Days) -> Bounds:
    age = met.year - birth.year - (met.day_of_year < birth.day_of_year)
    age = np.where(birth.known & met.known & (age >= 0), age, _NO_AGE)
    return Bounds(age, age)


def _age_from_year(years: pa.Array, met: _Days) -> Bounds:
    """Before the birthday of that year one less than after it; born in the year of the meeting is age 0."""
    after = met.year - _ints(years)
    known = _valid(years) & met.known & (after >= 0)
    return Bounds(np.where(known, np.maximum(after - 1, 0), _NO_AGE), np.where(known, after, _NO_AGE))


def _stated(values: pa.Array | None, rows: int) -> Bounds:
    if values is None:
        return _nothing(rows)
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.less(values, 1000.0), pc.floor(values), None).cast(pa.int64())
    age = values.fill_null(_NO_AGE).to_numpy(zero_copy_only=False)
    age = np.where(age >= 0, age, _NO_AGE)
    return Bounds(age, age)


def _nothing(rows: int) -> Bounds:
    none = np.full(rows, _NO_AGE, np.int64)
    return Bounds(none, none)


def _minor(age: Bounds) -> pa.Array:
    return _answers(age.known & (age.high < ADULT_AT), age.low >= ADULT_AT)


def _agrees(stated: Bounds, computed: Bounds, unborn: Mask) -> pa.Array:
    both = stated.known & computed.known
    near = (stated.low >= computed.low - _AGREE_WITHIN) & (stated.high <= computed.high + _AGREE_WITHIN)
    return _answers(both & near, (both & ~near) | (stated.known & unborn))


def _answers(yes: npt.NDArray[np.bool_], no: npt.NDArray[np.bool_]) -> pa.Array:
    return pa.array(["unknown", "yes", "no"]).take(pa.array(yes + 2 * no.astype(np.int64)))


def _states(values: pa.Array) -> npt.NDArray[np.uint8]:
    return np.where(_valid(values), State.OK, State.BLANK).astype(np.uint8)


def _check(contract: Contract, source: AgeSource) -> None:
    kinds = {column.name: column.type for column in contract.columns}
    taken = sorted(kinds.keys() & set(DERIVED))
    if taken:
        raise UsageFault(f"'{contract.feed}' derives '{taken[0]}': no column can have that name")
    for role, allowed in _TYPES.items():
        name = getattr(source, role)
        if name is not None and kinds.get(name) not in allowed:
            raise UsageFault(f"'{contract.feed}': age.{role} needs a column of type {' or '.join(sorted(allowed))}")
