"""How well linkage finds the simulation's persons: ``python -m bench.persons --victims 500 --seed 11``.

The records of police, courts and NGOs about victims, in both scripts, as they stand in the files; the truth is the
simulation's. Beside it a baseline: the same folded name and the same birth date.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

from marsad.contracts.catalog import Catalog, load_catalog
from marsad.contracts.model import Contract
from marsad.contracts.text import fold
from marsad.errors import ProviderFault
from marsad.intake.normalise.headers import match_headers
from marsad.intake.reading import Hints, open_file
from marsad.linkage.files import link_files
from marsad.settings import Settings
from marsad.simulation import simulate

FEEDS = ("police/victims", "justice/victims", "ngo/assistance")
ALL_FEEDS = (*FEEDS, "customs/detections")
COLUMNS = {
    "given_name": ("given_name", "given_name_ar"),
    "family_name": ("family_name", "family_name_ar"),
    **{name: (name,) for name in ("birth_date", "sex", "phone", "document_number")},
    "nationality": ("citizenship",),
}

Key = tuple[str, str, str]
Pairs = set[frozenset[Hashable]]


def main() -> None:
    """Simulates, links, tells precision and recall of pairs."""
    parser = argparse.ArgumentParser(prog="python -m bench.persons", description=__doc__)
    parser.add_argument("--victims", type=int, default=500)
    parser.add_argument("--seed", type=int, default=11)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="marsad-persons-") as folder:
        _measure(Path(folder), simulate(Path(folder), chosen.victims, chosen.seed).parent)


def _measure(folder: Path, files: Path) -> None:
    settings = Settings.from_env()
    truth = json.loads((files / "truth.json").read_text("utf-8"))
    known = {tuple(record): one["person"] for one in truth["persons"] for record in one["records"]}
    records = {key: row for key, row in rows_sent(load_catalog(settings), truth, files, FEEDS) if key in known}
    people = _together({key: known[key] for key in records})
    path = folder / "records.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["id", *COLUMNS])
        writer.writeheader()
        writer.writerows({"id": str(number), **row} for number, row in enumerate(records.values()))
    linked = link_files([path], "id", [{name: name for name in COLUMNS}], settings.schemas, datetime.now(UTC).date())
    _tell("linkage", people, _together(dict(zip(records, linked.persons, strict=True))))
    _tell("same folded name and birth date", people, _together({key: plain(key, row) for key, row in records.items()}))


def rows_sent(
    catalog: Catalog, truth: Mapping[str, Sequence[Mapping[str, Any]]], files: Path, feeds: Collection[str]
) -> Iterator[tuple[Key, dict[str, str]]]:
    """Every record as it was last sent. Files that cannot be read are part of the simulation."""
    for sent in truth["files"]:
        if sent["feed"] in feeds:
            try:
                yield from _rows(catalog.contract(sent["feed"]), sent["provider"], files / sent["file"])
            except ProviderFault:
                continue


def _rows(contract: Contract, provider: str, path: Path) -> Iterator[tuple[Key, dict[str, str]]]:
    keys = [column.name for column in contract.columns if column.key is not None]
    for table in open_file(path, hints=Hints.of(contract)).tables:
        places = match_headers(contract.columns, table.header)
        for block in table.blocks():
            columns = {name: block.cells.column(place).to_pylist() for name, place in places.items()}
            for row in range(len(block)):
                cells = {name: column[row] for name, column in columns.items()}
                found = {
                    name: next((cells[own] for own in owns if cells.get(own)), "") for name, owns in COLUMNS.items()
                }
                yield (contract.feed, provider, "/".join(cells.get(name, "") for name in keys)), found


def plain(key: Key, row: Mapping[str, str]) -> Hashable:
    """What the baseline goes by; a record that lacks a part is nobody else's."""
    parts = tuple(fold(row[name]) for name in ("given_name", "family_name", "birth_date"))
    return parts if all(parts) else key


def _together(groups: Mapping[Key, Hashable]) -> Pairs:
    members = defaultdict(list)
    for key, group in groups.items():
        members[group].append(key)
    return {frozenset(pair) for keys in members.values() for pair in combinations(keys, 2)}


def _tell(name: str, true: Pairs, found: Pairs) -> None:
    right = len(true & found)
    precision, recall = right / max(1, len(found)), right / max(1, len(true))
    print(f"{name}: precision {precision:.4f}, recall {recall:.4f} of {len(true)} pairs")


if __name__ == "__main__":
    main()
