"""Contracts from their files, or a UsageFault that says all that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from marsad.contracts.check import read_contract, read_contracts
from marsad.contracts.codelists import CodeList, load_codelists
from marsad.contracts.model import Contract
from marsad.contracts.problems import Problem
from marsad.errors import UsageFault
from marsad.settings import PROJECT
from marsad.warehouse.model import Entity, common_model

HOME = PROJECT / "schemas" / "contracts"


def load_contract(
    path: Path, codelists: Mapping[str, CodeList] | None = None, model: Mapping[str, Entity] | None = None
) -> Contract:
    """The contract of one file, read against code lists and common model (by default the project's own).

    Raises UsageFault whose text has one line a problem: ``police/victims.yaml:41:11: unknown key …``.
    """
    contract, problems = read_contract(path, *_against(codelists, model), HOME)
    if contract is None:
        raise fault_of(problems)
    return contract


def load_contracts(
    folders: Iterable[Path],
    codelists: Mapping[str, CodeList] | None = None,
    model: Mapping[str, Entity] | None = None,
) -> Mapping[str, Contract]:
    """All contracts of the folders by feed. Raises UsageFault naming every problem of every file."""
    contracts, problems = read_contracts(folders, *_against(codelists, model), HOME)
    if problems:
        raise fault_of(problems)
    return contracts


def fault_of(problems: Iterable[Problem]) -> UsageFault:
    """The problems as one error, a line each."""
    return UsageFault("\n".join(str(problem) for problem in problems))


def _against(
    codelists: Mapping[str, CodeList] | None, model: Mapping[str, Entity] | None
) -> tuple[Mapping[str, CodeList], Mapping[str, Entity]]:
    own = load_codelists(PROJECT / "schemas" / "codelists") if codelists is None else codelists
    return own, common_model() if model is None else model
