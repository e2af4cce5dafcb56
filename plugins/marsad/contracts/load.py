"""Contracts from their files, or a UsageFault that says all that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from marsad.contracts.check import read_contract
from marsad.contracts.codelists import CodeList, load_codelists
from marsad.contracts.model import Contract
from marsad.errors import UsageFault
from marsad.settings import PROJECT
from marsad.warehouse.model import Entity, common_model


def load_contract(
    path: Path, codelists: Mapping[str, CodeList] | None = None, model: Mapping[str, Entity] | None = None
) -> Contract:
    """The contract of one file, read against code lists and common model (by default the project's own).

    Raises UsageFault whose text has one line a problem: ``police/victims.yaml:41:11: unknown key …``.
    """
    lists = load_codelists(PROJECT / "schemas" / "codelists") if codelists is None else codelists
    contract, problems = read_contract(path, lists, common_model() if model is None else model)
    if contract is None:
        raise UsageFault("\n".join(str(problem) for problem in problems))
    return contract


def contract_files(folders: Iterable[Path]) -> list[Path]:
    """All ``<agency>/<name>.yaml`` of the folders, in order of the folders, then by name."""
    return [path for folder in folders for path in sorted(folder.glob("*/*.yaml"))]


def load_contracts(
    folders: Iterable[Path],
    codelists: Mapping[str, CodeList] | None = None,
    model: Mapping[str, Entity] | None = None,
) -> Mapping[str, Contract]:
    """All contracts of the folders by feed. Raises UsageFault naming every problem of every file."""
    lists = load_codelists(PROJECT / "schemas" / "codelists") if codelists is None else codelists
    contracts: dict[str, Contract] = {}
    faults: list[str] = []
    for path in contract_files(folders):
        contract, problems = read_contract(path, lists, common_model() if model is None else model)
        faults += [str(problem) for problem in problems]
        if contract and contract.feed in contracts:
            faults.append(f"feed '{contract.feed}' has two contracts: {contracts[contract.feed].path} and {path}")
        elif contract:
            contracts[contract.feed] = contract
    if faults:
        raise UsageFault("\n".join(faults))
    return contracts
