"""A feed as a whole: its contract, and the suite without which no file of it can be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from marsad.contracts.check import read_contracts
from marsad.contracts.codelists import load_codelists
from marsad.contracts.model import Contract
from marsad.contracts.problems import Problem
from marsad.errors import UsageFault
from marsad.quality.suites import load_suite, suite_path
from marsad.settings import Settings
from marsad.warehouse.model import common_model


def check_feeds(place: Path, settings: Settings) -> list[Problem]:
    """All problems of the contracts below ``place`` (a folder, or one contract) and of their suites.

    Suites are looked for where the settings say, and in the folder ``expectations`` beside that of the contracts.
    Raises UsageFault when there is no such place, or no contract in it.
    """
    if not place.exists():
        raise UsageFault(f"there is no folder or contract {place}")
    home = place if place.is_dir() else place.absolute().parents[1]
    codelists = load_codelists(*settings.codelist_dirs)
    path = place if place.is_dir() else place.absolute()
    contracts, problems = read_contracts([path], codelists, common_model(settings.schemas / "concepts.yaml"), home)
    if not contracts and not problems:
        raise UsageFault(f"there is no contract <agency>/<name>.yaml in {place}")
    beside = home.absolute().parent / "expectations"
    return [*problems, *_suite_problems(contracts.values(), (*settings.expectation_dirs, beside))]


def _suite_problems(contracts: Iterable[Contract], folders: tuple[Path, ...]) -> Iterator[Problem]:
    for contract in contracts:
        try:
            load_suite(suite_path(contract.feed, folders))
        except UsageFault as fault:
            yield Problem(contract.path, 1, 1, "suite", str(fault))
