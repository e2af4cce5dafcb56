"""A new feed from a sample file: a drafted contract and the suite that follows from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from marsad.contracts.codelists import CodeList, load_codelists
from marsad.contracts.draft import draft_contract
from marsad.contracts.load import load_contract
from marsad.contracts.model import Contract
from marsad.contracts.text import fold
from marsad.errors import UsageFault
from marsad.intake.reading import open_file
from marsad.quality.structural import load_rulebook
from marsad.quality.suites import sync_suite
from marsad.settings import Settings
from marsad.warehouse.model import Entity, common_model

SAMPLE_ROWS = 5_000


def draft_feed(sample: Path, feed: str | None, out: Path | None, settings: Settings) -> tuple[Path, Path]:
    """Writes contract and suite; returns their paths. What is there already is not overwritten.

    Without ``feed`` the name follows the file's. Without ``out`` both go where the project keeps them; with it, to
    ``out/contracts`` and ``out/expectations``, ready for MARSAD_CONTRACTS and MARSAD_EXPECTATIONS.

    Raises:
        UsageFault: the sample cannot be read, the name is no feed name, or one of the files exists.
        ProviderFault: the sample is no table.
    """
    name = feed or f"partner/{_slug(sample.stem)}"
    contracts, suites = _folders(out, settings)
    contract_path, suite_path = contracts / f"{name}.yaml", suites / f"{name}.json"
    if taken := [path for path in (contract_path, suite_path) if path.exists()]:
        raise UsageFault(f"{taken[0]} exists: remove it, or choose another --feed")
    codelists = load_codelists(*settings.codelist_dirs)
    model = common_model(settings.schemas / "concepts.yaml")
    header, cells, rows = _sample(sample)
    text = draft_contract(name, header, cells, codelists, model, rows=rows)
    contract = _checked(text, name, codelists, model)
    sync_suite(contract, suite_path, load_rulebook(settings.schemas, settings.own_codelists))
    contract_path.parent.mkdir(parents=True, exist_ok=True)
    contract_path.write_text(text, encoding="utf-8")
    return contract_path, suite_path


def _checked(text: str, name: str, codelists: Mapping[str, CodeList], model: Mapping[str, Entity]) -> Contract:
    """What a draft says. It is read before it takes its place: a wrong one there would stop the next try too."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.yaml"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        return load_contract(path, codelists, model)


def _folders(out: Path | None, settings: Settings) -> tuple[Path, Path]:
    if out is None:
        return settings.contract_dirs[0], settings.expectation_dirs[0]
    return out / "contracts", out / "expectations"


def _slug(stem: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", fold(stem)).strip("_") or "feed"


def _sample(path: Path) -> tuple[list[str], pa.Table, list[int]]:
    """Titles, the first rows, and the numbers that these have in the file."""
    if not path.is_file():
        raise UsageFault(f"{path} is not a file")
    table = open_file(path).tables[0]
    blocks, rows = [], list[int]()
    for block in table.blocks():
        blocks.append(block.cells)
        rows += block.rows.tolist()
        if len(rows) >= SAMPLE_ROWS:
            break
    if not blocks:
        raise UsageFault(f"{path} holds no rows to learn from")
    width = len(table.header)
    cells = pa.concat_tables([b.select(range(width)) for b in blocks]).slice(0, SAMPLE_ROWS)
    return table.header, cells, rows[:SAMPLE_ROWS]
