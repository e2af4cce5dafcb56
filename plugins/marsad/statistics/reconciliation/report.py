"""``marsad reconcile``: the table of contradictions of files or of the warehouse."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marsad import durable
from marsad.contracts.catalog import load_catalog
from marsad.contracts.codelists import CodeList, load_codelists
from marsad.errors import UsageFault
from marsad.settings import Settings
from marsad.statistics.reconciliation.compare import reconcile
from marsad.statistics.reconciliation.contradictions import KINDS, Contradiction, described, kind_of
from marsad.statistics.reconciliation.figures import Figures, from_files
from marsad.statistics.reconciliation.policy import load_policy
from marsad.statistics.reconciliation.store import compared
from marsad.warehouse.engine import clean_errors, database_url, make_engine
from marsad.warehouse.model import LANGUAGES

_SAME = ("rule", "kind", "country", "period", "figures")
_TOLD = ("indicator", "values", "explanation")


@dataclass(frozen=True, slots=True)
class Table:
    """What was found among so many figures."""

    compared: Figures
    found: Sequence[Contradiction]
    codelists: Mapping[str, CodeList]

    @property
    def figures(self) -> int:
        """How many figures were compared."""
        return len(self.compared)

    @property
    def kinds(self) -> dict[str, int]:
        """How many findings of each kind."""
        met = Counter(map(kind_of, self.found))
        return {kind: met[kind] for kind in KINDS}

    def rows(self, language: str) -> Iterator[dict[str, Any]]:
        """The findings in words."""
        return (described(one, self.compared, self.codelists, language) for one in self.found)

    def write(self, path: Path) -> None:
        """The findings in three languages, a line each, several values of a cell in lines of their own."""
        with durable.os_faults("writing the table"), path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*_SAME, *(f"{name}_{language}" for language in LANGUAGES for name in _TOLD)])
            for each in zip(*map(self.rows, LANGUAGES), strict=True):
                cells = [*(each[0][name] for name in _SAME), *(row[name] for row in each for name in _TOLD)]
                writer.writerow("\n".join(cell) if isinstance(cell, list) else cell for cell in cells)


def table(settings: Settings, files: Sequence[Path], feeds: Sequence[str], country: str | None = None) -> Table:
    """What does not go together among the figures of ``files``, each read by its feed; with none, of the warehouse.

    Raises:
        UsageFault: a file cannot be read or is of no feed of figures; without files, the platform is not up.
    """
    codelists = load_codelists(*settings.codelist_dirs)
    figures, found = _of_files(settings, files, feeds) if files else _of_warehouse(settings)
    if country:
        here = figures.rows["country"] == country
        found = [one for one in found if here[one.figures[0]]]
    return Table(figures, found, codelists)


def _of_files(settings: Settings, files: Sequence[Path], feeds: Sequence[str]) -> tuple[Figures, list[Contradiction]]:
    if len(feeds) not in {1, len(files)}:
        raise UsageFault(f"give --feed once, or once for each of the {len(files)} files")
    policy, of_each = load_policy(settings.schemas), [*feeds] if len(feeds) > 1 else [*feeds] * len(files)
    catalog = load_catalog(settings, feeds[0] if len(feeds) == 1 else None)  # of one feed it is quicker
    figures = from_files(files, of_each, catalog, policy)
    return figures, reconcile(figures, policy)


def _of_warehouse(settings: Settings) -> tuple[Figures, list[Contradiction]]:
    engine = make_engine(database_url(settings))
    with clean_errors(), engine.connect() as connection:
        figures, found = compared(connection, settings)
    engine.dispose()
    return figures, found
