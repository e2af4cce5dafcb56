"""A feed as a whole: its contract, and the suite without which no file of it can be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from marsad.contracts.check import read_contracts
from marsad.contracts.codelists import load_codelists
from marsad.contracts.model import Contract
from marsad.contracts.problems import Problem
from marsad.errors import UsageFault
from marsad.quality.structural import RuleBook, load_rulebook
from marsad.quality.suites import in_step, load_suite, suite_path
from marsad.settings import Settings
from marsad.warehouse.model import common_model

_EVERYWHERE = Path("/")  # providers that no list knows are a fault wherever the contract lies


def check_feeds(place: Path | None, settings: Settings) -> list[Problem]:
    """All problems of the contracts below ``place`` (a folder, or one contract; None: all folders) and of their suites.

    Suites are looked for where the settings say, and in the folder ``expectations`` beside that of the contracts.
    Raises UsageFault when there is no such place, or no contract in it.
    """
    if place and not place.exists():
        raise UsageFault(f"there is no folder or contract {place}")
    places = [place.absolute()] if place else list(settings.contract_dirs)
    codelists, model = load_codelists(*settings.codelist_dirs), common_model(settings.schemas / "concepts.yaml")
    contracts, problems = read_contracts(places, codelists, model, _EVERYWHERE)
    if not contracts and not problems:
        raise UsageFault(f"there is no contract <agency>/<name>.yaml in {', '.join(map(str, places))}")
    homes = [each if each.is_dir() else each.parents[1] for each in places]
    folders = (*settings.expectation_dirs, *(home.parent / "expectations" for home in homes))
    book = load_rulebook(settings.schemas, settings.own_codelists)
    return [*problems, *_suite_problems(contracts.values(), folders, book)]


def _suite_problems(contracts: Iterable[Contract], folders: tuple[Path, ...], book: RuleBook) -> Iterator[Problem]:
    for contract in contracts:
        try:
            path = suite_path(contract.feed, folders)
            load_suite(path)
            if not in_step(contract, path, book):
                yield Problem(
                    contract.path, 1, 1, "suite", "its suite is behind", f"run `marsad feed sync {contract.feed}`"
                )
        except UsageFault as fault:
            yield Problem(contract.path, 1, 1, "suite", str(fault))
