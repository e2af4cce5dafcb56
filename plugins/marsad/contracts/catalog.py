"""Everything that feeds are read with, loaded at once: common model, code lists, contracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from marsad.contracts.check import read_contracts
from marsad.contracts.codelists import CodeList, load_codelists
from marsad.contracts.load import HOME, load_contracts
from marsad.contracts.model import Contract
from marsad.contracts.problems import Problem, did_you_mean
from marsad.errors import UsageFault
from marsad.settings import Settings
from marsad.warehouse.model import Entity, common_model


@dataclass(frozen=True, slots=True)
class Catalog:
    """Entities by name, code lists by scheme, contracts by feed."""

    model: Mapping[str, Entity]
    codelists: Mapping[str, CodeList]
    contracts: Mapping[str, Contract]

    @property
    def bodies(self) -> set[str]:
        """The sending bodies that contracts or the list of them name; what has none above it there is an agency."""
        listed = {code for code, known in self.codelists["provider"].codes.items() if known.parent}
        return listed.union(*(contract.providers for contract in self.contracts.values()))

    def contract(self, feed: str) -> Contract:
        """The contract of a feed. Raises UsageFault naming the nearest known feed when there is none."""
        if feed not in self.contracts:
            hint = did_you_mean(feed, self.contracts, f"known feeds: {', '.join(self.contracts) or 'none'}")
            raise UsageFault(f"there is no feed '{feed}' — {hint}")
        return self.contracts[feed]


def load_catalog(settings: Settings, feed: str | None = None) -> Catalog:
    """The catalog of an installation, or with ``feed`` the part that reading this one feed needs.

    Raises UsageFault with all problems; a feed in two folders names both files.
    """
    model = common_model(settings.schemas / "concepts.yaml")
    codelists = load_codelists(*settings.codelist_dirs)
    own = [path for folder in settings.contract_dirs if feed and (path := folder / f"{feed}.yaml").is_file()]
    return Catalog(model, codelists, load_contracts(own or settings.contract_dirs, codelists, model))


def live_contracts(settings: Settings) -> Mapping[str, Contract]:
    """The contracts that files are taken under, by feed: sound ones that are no drafts; a wrong one is left out."""
    found = sound_catalog(settings)[0].contracts
    return {feed: contract for feed, contract in found.items() if not contract.draft}


def sound_catalog(settings: Settings) -> tuple[Catalog, list[Problem]]:
    """The catalog without wrong contracts, so that one takes its own feed away and no other; and what is wrong.

    Raises UsageFault if the common model or a code list is wrong.
    """
    model = common_model(settings.schemas / "concepts.yaml")
    codelists = load_codelists(*settings.codelist_dirs)
    contracts, problems = read_contracts(settings.contract_dirs, codelists, model, HOME)
    return Catalog(model, codelists, contracts), problems
