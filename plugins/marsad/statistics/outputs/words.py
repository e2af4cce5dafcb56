"""What a release says in one language: codes by their labels in the order of their lists, counting rules, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from marsad.contracts.codelists import CodeList
from marsad.contracts.wording import fill, load_wording
from marsad.statistics.disclosure.cells import ALONE, TOTAL
from marsad.statistics.releases.counted import NOT_STATED
from marsad.statistics.releases.store import Build
from marsad.statistics.releases.tables import Table
from marsad.warehouse.release_tables import HIDDEN

_OF_MARTS = {NOT_STATED: "not_stated", "several": "several"}  # codes that marts add to those of lists
_APART = "\u00a0"  # thousands: understood in all three languages, and in the font


@dataclass(frozen=True)
class Words:
    """The words of a language for a build."""

    build: Build
    lists: Mapping[str, CodeList]
    schemas: Path
    language: str

    def say(self, name: str, **params: str | int) -> str:
        """One text of ``schemas/bulletin.yaml``, filled in."""
        return fill(load_wording(self.schemas / "bulletin.yaml")[name][self.language], params)

    def title(self, dimension: str) -> str:
        """What a dimension is called."""
        return self.build.definition.dimensions[dimension].label[self.language]

    def label(self, dimension: str, code: str) -> str:
        """What a code of a dimension is called."""
        if code == TOTAL:
            return self.say("total")
        if code.endswith(ALONE):
            return self.say("alone", code=self.label(dimension, code.removesuffix(ALONE)))
        known = self.lists[self.build.definition.dimensions[dimension].codelist].codes
        if code in known:
            return known[code].labels[self.language]
        return self.say(_OF_MARTS[code]) if code in _OF_MARTS else code

    def rule(self, table: Table) -> str:
        """The counting rule of a table."""
        rule = table.counting
        parts = {"counting_unit": rule.unit, "counting_stage": rule.stage, "reference_date": rule.reference_date}
        said = {scheme.removeprefix("counting_"): self._of(scheme, code) for scheme, code in parts.items()}
        return self.say("rule", **said, source=rule.source)

    def number(self, value: int | None) -> str:
        """A cell as it is printed."""
        return HIDDEN if value is None else f"{value:,}".replace(",", _APART)

    def _of(self, scheme: str, code: str) -> str:
        known = self.lists[scheme].codes if scheme in self.lists else {}
        return known[code].labels[self.language] if code in known else code


def above(build: Build, table: Table, dimension: str) -> Mapping[str, tuple[str, ...]]:
    """Each code of a dimension with those above it, the uppermost first; ``TOTAL`` has none."""
    (found,) = (one for one in build.dimensions[table.spec.cube] if one.name == dimension)
    ancestors: dict[str, tuple[str, ...]] = {TOTAL: ()}
    for path in found.paths.values():
        downwards = path[::-1]
        ancestors.update({code: downwards[1:place] for place, code in enumerate(downwards) if place})
    return ancestors


def ordered(words: Words, table: Table, dimension: str) -> list[str]:
    """The codes of a dimension that a table has, as the code list has them: the total first, each before its parts."""
    known = list(words.lists[words.build.definition.dimensions[dimension].codelist].codes)
    ranks = {code: place for place, code in enumerate(known)}
    ancestors = above(words.build, table, dimension)

    def rank(code: str) -> tuple[int, str]:
        return ranks.get(code, len(ranks)), code

    place = table.spec.by.index(dimension)
    found = {codes[place] for codes in table.cells} - {TOTAL}
    return [TOTAL, *sorted(found, key=lambda code: [rank(one) for one in (*ancestors[code], code)])]
