"""What a contract takes from a file's name. It is part of what was sent: the same bytes may state another month."""

from __future__ import annotations

import re

from marsad.contracts.model import Contract, Source

_AGE = ".age"


def clear_name(name: str) -> str:
    """``victimes.csv`` for ``victimes.csv.age``: the name of what an encrypted file holds."""
    return name[: -len(_AGE)] if name.lower().endswith(_AGE) else name


def found_in(source: Source, name: str) -> str:
    """What ``source``, of the kind ``file_name``, finds in the name of a file; empty if nothing."""
    found = re.search(source.value, clear_name(name))
    return (found.group(1) or "") if found else ""


def name_facts(contract: Contract, name: str) -> str:
    """Period and version that the name states, as ``period=2026-05|version=2``; empty if the contract takes none."""
    sources = {"period": contract.period, "version": contract.revision}
    return "|".join(f"{key}={found_in(s, name)}" for key, s in sources.items() if s.kind == "file_name")
