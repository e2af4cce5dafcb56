"""Files of any size for the two feeds of the benchmark: same seed, same bytes; about a million rows in ten seconds.

Columns are drawn block by block as arrow arrays. One row in fifty breaks a critical rule, in one of the ways of
``FAULTS`` or as the exact repeat of the row above it, and no row breaks two, so the number of refused rows is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from marsad.contracts.codelists import CodeList
from marsad.contracts.model import Column, Contract
from marsad.simulation.names import ORIGINS, Part

DELIMITER = ";"  # what a French spreadsheet writes
BLOCK = 100_000
BAD_SHARE = 0.02
REPEAT_SHARE = 0.05  # of the bad rows
FAULTS: Sequence[tuple[str, str]] = (
    ("met_on", "31/02/2024"),
    ("exploitation_form", "voir dossier"),
    ("sex", ""),
    ("stated_age", "430"),
    ("status_on", "01/02/1999"),
)

_EPOCH = date(1940, 1, 1)
_DAYS = pa.array([(_EPOCH + timedelta(days=n)).strftime("%d/%m/%Y") for n in range(366 * 90)])
_MET = (date(2021, 1, 1) - _EPOCH).days
_SENT = "31/12/2025"
_STREETS = ("12, rue Ibn Sina", "Hay Mohammadi, bloc 4", "حي السلام، زنقة 7", "Derb Sultan n° 31", "Douar Oulad Ali")
_STORIES = (
    "Rencontrée lors d'un contrôle, dit avoir été retenue par son employeur",
    "التقيت بها بعد شكاية من الجيران، تقول إن جواز سفرها محجوز",
    "Signalée par une association, son document est conservé par un tiers",
)

Rng = np.random.Generator
Texts: TypeAlias = Any  # an arrow array of strings, one a row; pyarrow has no types
Maker = Callable[["Draw"], Texts]


@dataclass(frozen=True, slots=True)
class Draw:
    """One block to be drawn: its random numbers, first row (from 0), size, the day each person was met, her age."""

    rng: Rng
    first: int
    rows: int
    met: npt.NDArray[np.int64]
    age: npt.NDArray[np.int64]

    def chosen(self, pool: Sequence[str]) -> Texts:
        """One text a row; the first of the pool most often."""
        skewed = (self.rng.random(self.rows) ** 2 * len(pool)).astype(np.int64)
        return pa.array(pool, pa.string()).take(pa.array(skewed))

    def numbers(self, low: int, high: int) -> Texts:
        """A whole number a row, from ``low`` up to but not including ``high``."""
        return pa.array(self.rng.integers(low, high, self.rows)).cast(pa.string())

    def days(self, low: int, high: int) -> Texts:
        """A day a row, ``low`` to ``high`` days after the meeting."""
        return _DAYS.take(pa.array(self.met + self.rng.integers(low, high, self.rows)))

    def born(self) -> Texts:
        """A birthday a row that agrees with the age."""
        return _DAYS.take(pa.array(self.met - self.age * 1461 // 4 - self.rng.integers(2, 360, self.rows)))

    def serial(self, prefix: str, offset: int = 0) -> Texts:
        """A running number a row."""
        numbers = pa.array(np.arange(self.first, self.first + self.rows) + offset).cast(pa.string())
        return pc.binary_join_element_wise(prefix, pc.utf8_lpad(numbers, 9, "0"), "-")

    def sparse(self, texts: Texts, filled: float) -> Texts:
        """The texts, blank in all but a share of the rows."""
        return pc.if_else(pa.array(self.rng.random(self.rows) < filled), texts, "")


def write_file(path: Path, contract: Contract, codelists: Mapping[str, CodeList], rows: int, *, seed: int) -> int:
    """Writes a file of ``contract`` with ``rows`` rows; returns how many of them break a critical rule."""
    rng = np.random.default_rng(seed)
    makers = {column.name: _maker(column, codelists) for column in contract.columns}
    header = [column.headers["fr"] for column in contract.columns]
    options = pa_csv.WriteOptions(include_header=False, delimiter=DELIMITER, quoting_style="none")
    bad = 0
    schema = pa.schema([(text, pa.string()) for text in header])
    with path.open("wb") as file:
        file.write((DELIMITER.join(header) + "\n").encode())
        for first in range(0, rows, BLOCK):
            size = min(BLOCK, rows - first)
            met, age = rng.integers(_MET, _MET + 1700, size), rng.integers(12, 60, size)
            draw = Draw(rng, first, size, met, age)
            drawn = {name: make(draw) for name, make in makers.items()}
            bad += _spoil(drawn, rng, size)
            pa_csv.write_csv(pa.table(list(drawn.values()), schema), file, options)
    return bad


def _spoil(drawn: dict[str, Texts], rng: Rng, rows: int) -> int:
    """Breaks a share of the rows, never two neighbours; returns how many."""
    places = 1 + 2 * np.sort(rng.choice((rows - 1) // 2, max(1, round(rows * BAD_SHARE)), replace=False))
    rng.shuffle(places)
    repeats, *faulty = np.split(places, _cuts(len(places)))
    source = np.arange(rows)
    source[repeats] -= 1
    for name, texts in drawn.items():
        drawn[name] = texts.take(pa.array(source))
    for (name, text), wrong in zip(FAULTS, faulty, strict=True):
        mask = np.zeros(rows, np.bool_)
        mask[wrong] = True
        drawn[name] = pc.if_else(pa.array(mask), text, drawn[name])
    return len(places)


def _cuts(bad: int) -> npt.NDArray[np.int64]:
    repeats = round(bad * REPEAT_SHARE)
    return np.linspace(repeats, bad, len(FAULTS), endpoint=False).astype(np.int64)


# --- columns ---------------------------------------------------------------------------------------------------------


def _maker(column: Column, codelists: Mapping[str, CodeList]) -> Maker:
    if column.name in _OWN:
        return _OWN[column.name]
    if column.codelist:
        return _coded(column, codelists[column.codelist])
    low, high = int(column.minimum or 0), int(column.maximum or 50_000)
    return lambda draw: draw.sparse(draw.numbers(low, min(high, low + 100)), 0.6)


def _coded(column: Column, codelist: CodeList) -> Maker:
    """Codes as agencies write them: mostly French labels, some Arabic, some codes; several in a cell if allowed."""
    codes = [code for code in codelist.codes.values() if code.code != "total"][:40]  # a total row is no record
    words = [word for code in codes for word in (code.labels["fr"], code.labels["ar"], code.labels["fr"], code.code)]
    pool = [word for word in words if not {DELIMITER, "|", '"'} & set(word)]
    if column.many:
        pairs = [f"{one}{column.many}{other}" for one, other in zip(pool, pool[5:], strict=False)]
        pool = [*pool, *pairs]
    filled = 1.0 if column.required else 0.8
    return lambda draw: draw.sparse(draw.chosen(pool), filled)


def _names(part: Callable[[Part], str], kind: str) -> Maker:
    stocks = ORIGINS.values()
    given = [part(p) for stock in stocks for parts in stock.given.values() for p in parts]
    family = [part(p) for stock in stocks for p in stock.family]
    return lambda draw: draw.chosen(given if kind == "given" else family)


def _amounts(draw: Draw) -> Texts:
    cents = pa.array(draw.rng.integers(100_000, 9_000_000, draw.rows) / 100)
    return draw.sparse(cents.cast(pa.string()), 0.1)


def _latin(part: Part) -> str:
    return part.latin[0]


def _arabic(part: Part) -> str:
    return part.arabic[0]


_OWN: Mapping[str, Maker] = {
    "victim_reference": lambda draw: draw.serial("V"),
    "case_reference": lambda draw: draw.serial("D", 7),
    "referral_reference": lambda draw: draw.sparse(draw.serial("F", 11), 0.4),
    "family_name": _names(_latin, "family"),
    "given_name": _names(_latin, "given"),
    "family_name_ar": _names(_arabic, "family"),
    "given_name_ar": _names(_arabic, "given"),
    "birth_date": lambda draw: draw.sparse(draw.born(), 0.9),
    "document_number": lambda draw: draw.sparse(draw.serial("AB"), 0.7),
    "phone": lambda draw: draw.sparse(draw.numbers(212_600_000_000, 212_699_999_999), 0.7),
    "address": lambda draw: draw.sparse(draw.chosen(_STREETS), 0.6),
    "narrative": lambda draw: draw.sparse(draw.chosen(_STORIES), 0.5),
    "stated_age": lambda draw: pa.array(draw.age).cast(pa.string()),
    "consent": lambda draw: draw.chosen(["Donné", "موافق", "Oui"] * 10 + ["Refusé"]),
    "met_on": lambda draw: _DAYS.take(pa.array(draw.met)),
    "status_on": lambda draw: draw.sparse(draw.days(0, 60), 0.8),
    "exploitation_started_on": lambda draw: draw.sparse(draw.days(-2000, -30), 0.7),
    "exploitation_months": lambda draw: draw.sparse(draw.numbers(1, 60), 0.7),
    "children": lambda draw: draw.numbers(0, 6),
    "compensation": _amounts,
    "sent_on": lambda draw: pa.array([_SENT] * draw.rows),
}
