"""What reconciling finds, as values, and how each is told in three languages (``schemas/contradictions.yaml``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from marsad import yaml12
from marsad.contracts.codelists import CodeList
from marsad.contracts.wording import fill
from marsad.errors import UsageFault
from marsad.settings import PROJECT
from marsad.statistics.reconciliation.figures import CATEGORY_LISTS, RULE, WHOLE, Figures, Row, each
from marsad.warehouse.model import LANGUAGES

Kind = Literal["contradiction", "explained", "suspicious"]
KINDS = get_args(Kind)
_LISTS = {
    "indicator": "figure_indicator", "counting_unit": "counting_unit", "counting_stage": "counting_stage",
    "reference_date": "reference_date", "offence": "offence", "sex": "sex", "age_band": "age_band",
}  # fmt: skip
_CITED = ("source", "publication", "period")
_WORD = "@"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One finding: the rule, and by their positions the figures that do not go together.

    ``params`` fill the rule's text; one that begins with ``@`` is an id of the catalogue, put in the reader's language.
    """

    rule: str
    figures: tuple[int, ...]
    params: Mapping[str, str] = field(default_factory=dict)


@cache
def catalogue(path: Path = PROJECT / "schemas" / "contradictions.yaml") -> Mapping[str, Mapping[str, str]]:
    """Texts by rule, each with its ``kind``. Raises UsageFault naming one that lacks a language or has a wrong kind."""
    entries: Mapping[str, Mapping[str, str]] = yaml12.load(path)
    for id_, entry in entries.items():
        if not all(entry.get(language) for language in LANGUAGES) or entry.get("kind", KINDS[0]) not in KINDS:
            raise UsageFault(f"{path.name}: '{id_}' needs a text in each of {', '.join(LANGUAGES)} and a right kind")
    return entries


def kind_of(found: Contradiction) -> Kind:
    """How grave it is."""
    kind: Kind = catalogue()[found.rule]["kind"]  # type: ignore[assignment]  # checked on reading
    return kind


def spoken(found: Contradiction, language: str) -> str:
    """What is wrong, why, and what to do."""
    return fill(catalogue()[found.rule][language], {name: _put(text, language) for name, text in found.params.items()})


def _put(text: str, language: str) -> str:
    if not text.startswith(_WORD):
        return text
    return ", ".join(catalogue()[part][language] for part in text[1:].split(","))


def described(
    found: Contradiction, figures: Figures, codelists: Mapping[str, CodeList], language: str
) -> dict[str, Any]:
    """The finding as a row of a table: rule, kind, place, the figures in words, the explanation."""
    rows = [row for _, row in each(figures.rows.loc[list(found.figures)])]
    first = rows[0]
    return {
        "rule": found.rule,
        "kind": kind_of(found),
        "country": first["country"],
        "period": first["period"],
        "indicator": _label(codelists, "indicator", first["indicator"], language),
        "figures": [row["id"] for row in rows],
        "values": [_told(row, codelists, language) for row in rows],
        "explanation": spoken(found, language),
    }


def _told(row: Row, codelists: Mapping[str, CodeList], language: str) -> str:
    """``UNODC, GLOTIP, 2022: 117 (Victim, Identified, Female)``, and what the source remarks."""
    place = [name for name in ("sex", "age_band") if row[name] != WHOLE[name]]
    inside = [
        *(_label(codelists, name, row[name], language) for name in (*RULE, *place)),
        _category(row, codelists, language),
    ]
    return f"{_joined(row[name] for name in _CITED)}: {shown(row)} ({_joined([*inside, row['note']])})"


def _category(row: Row, codelists: Mapping[str, CodeList], language: str) -> str:
    """The category by its label where a code list has it, else as it was printed."""
    codes = codelists[CATEGORY_LISTS[row["dimension"]]].codes if row["dimension"] in CATEGORY_LISTS else {}
    labels = codes[row["category"]].labels if row["category"] in codes else {}
    return labels.get(language, row["said"])


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(filter(None, texts)))


def _label(codelists: Mapping[str, CodeList], name: str, code: str, language: str) -> str:
    known = codelists[_LISTS[name]].codes.get(code)
    return known.labels.get(language, code) if known else code


def shown(row: Mapping[Any, Any]) -> str:
    """The number as it was printed."""
    text = number(row["low"]) if row["low"] == row["high"] else f"<{row['high'] + 1:.0f}"
    return text if row["measure"] == "count" else f"{text} %"


def number(value: float) -> str:
    """Without a point where there are no decimals."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.2f}".rstrip("0").rstrip(".")


def span(low: float, high: float) -> str:
    """A number, or the least and the greatest it can be."""
    return number(low) if low == high else f"{number(low)}–{number(high)}"


def places(rows: Iterable[int]) -> tuple[int, ...]:
    """Positions as plain numbers, each once; the figure that the finding is about comes first."""
    return tuple(dict.fromkeys(map(int, rows)))
