"""Judging one file: read, normalise, row rules block by block, staging, delivery rules, the verdict on the whole.

Three threads work on three blocks: one is read and normalised while the one before is judged and the one before that
fingerprinted and copied into staging. Arrow, psycopg2 and hashing let the others run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from marsad.contracts.model import Contract
from marsad.errors import ProviderFault
from marsad.identity.vault import Sealer
from marsad.intake.blocks import NormalBlock, RawBlock, State
from marsad.intake.elsewhere import belonging
from marsad.intake.normalise import Normaliser
from marsad.intake.office import Office
from marsad.intake.reading import Hints, TableInfo, open_file
from marsad.intake.reports.findings import Titles, titles_of
from marsad.intake.rows import (
    QUARANTINE,
    VAULT,
    FileFacts,
    RowKeys,
    Sealed,
    raw_payloads,
    seal_rows,
    staged_table,
    vault_payloads,
)
from marsad.intake.stage import SCHEMA, Stage
from marsad.quality.delivery import judge_delivery
from marsad.quality.findings import Broken
from marsad.quality.messages import message_rule
from marsad.quality.refusal import refused_file, refused_rows

_PENDING = 2  # blocks that may wait for COPY; each is tens of megabytes


@dataclass(frozen=True, slots=True)
class Previous:
    """What the provider's last accepted delivery of the feed looked like; None where there is none."""

    rows: int | None = None
    unmapped_share: float | None = None


@dataclass(slots=True)
class Judged:
    """The verdict on a file. ``rows`` counts data rows, ``refused`` those that go to quarantine.

    ``titles`` tells where the contract's columns are in the file, for reports.
    """

    file_refused: bool
    broken: list[Broken]
    rows: int = 0
    refused: int = 0
    unmapped_share: float = 0.0
    titles: Titles = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """Cells of code columns met so far, and how many of them no code list knows."""

    cells: int = 0
    unmapped: int = 0
    rows: int = 0
    refused: int = 0
    broken: list[Broken] = field(default_factory=list)

    @property
    def unmapped_share(self) -> float:
        """Share of code cells that no code list knows, 0 to 1."""
        return self.unmapped / self.cells if self.cells else 0.0


class FileJudge:
    """Judges one file of one delivery into a staging table. Without a sealer (dry run) nothing personal is kept."""

    def __init__(
        self, office: Office, contract: Contract, provider: str, facts: FileFacts, stage: Stage, sealer: Sealer | None
    ) -> None:
        self._contract = contract
        self._provider = provider
        self._office = office
        self._facts = facts
        self._stage = stage
        self._sealer = sealer
        self._suite = office.suite(contract.feed)
        self._keys = RowKeys(contract, provider, facts, office.keyring)

    def judge(self, path: Path, previous: Previous) -> Judged:
        """The verdict on the file at ``path``; a file that cannot be read is refused with the reason as its finding.

        Raises:
            PassingFault, PlatformFault: not the sender's fault; the delivery stays open.
        """
        try:
            self._check_sender()
            table = self._open(path)
            tally = self._judge_rows(table)
        except ProviderFault as fault:
            return Judged(file_refused=True, broken=[Broken(message_rule(fault.rule), params=fault.params)])
        if not tally.rows:
            return Judged(file_refused=True, broken=[Broken(message_rule("file.empty"))])
        judged = self._conclude(path, tally, previous)
        judged.titles = titles_of(self._contract, table.header, lettered=bool(table.sheet or table.delimiter))
        return judged

    def _check_sender(self) -> None:
        known = self._contract.providers
        if known and self._provider not in known:
            raise ProviderFault("file.provider_unknown", provider=self._provider, known=", ".join(known))
        if self._contract.revision.kind == "file_name" and not self._keys.file_version:
            raise ProviderFault("file.name_unexpected", pattern=self._contract.revision.value)

    def _open(self, path: Path) -> TableInfo:
        try:
            return open_file(path, hints=Hints.of(self._contract), name=self._facts.name).tables[0]
        except ProviderFault as fault:
            raise belonging(fault, path, self._facts.name, self._contract, self._office.settings) from None

    def _judge_rows(self, table: TableInfo) -> Tally:
        normaliser = Normaliser(self._contract, self._office.catalog.codelists, table.header)
        tally, judge = Tally(), self._office.judge(self._contract.feed)
        self._stage.create()
        with _ahead(map(normaliser.block, table.blocks())) as blocks, _copier(self._stage) as copy:
            for block in blocks:
                broken = judge.judge(block)
                refused = refused_rows(broken, block.raw.rows)
                sealed = self._seal(block, refused, table.header)
                copy(partial(staged_table, self._contract, block, self._keys, refused, sealed))
                self._count(tally, block, broken, refused)
        return tally

    def _seal(self, block: NormalBlock, refused: npt.NDArray[np.bool_], header: list[str]) -> Sealed:
        if self._sealer is None:
            return Sealed([None] * len(block), [None] * len(block))
        kept = [
            None if bad else payload
            for bad, payload in zip(refused, vault_payloads(self._contract, block), strict=True)
        ]
        vault = seal_rows(kept, self._sealer, VAULT)
        if not refused.any():
            return vault
        return _merged(vault, seal_rows(raw_payloads(block.raw, header, refused), self._sealer, QUARANTINE))

    def _count(self, tally: Tally, block: NormalBlock, broken: list[Broken], refused: npt.NDArray[np.bool_]) -> None:
        tally.rows += len(block)
        tally.refused += int(refused.sum())
        tally.broken += broken
        for column in self._contract.columns:
            if column.codelist and column.name in block.matched:
                states = block.states[column.name]
                tally.cells += int((states != State.BLANK).sum())
                tally.unmapped += int((states == State.UNMAPPED).sum())

    def _conclude(self, path: Path, tally: Tally, previous: Previous) -> Judged:
        self._stage.mark_repeats()
        self._stage.write_facts(
            {
                "rows": tally.rows,
                "refused": tally.refused,
                "rows_before": previous.rows,
                "unmapped_share": tally.unmapped_share,
                "unmapped_share_before": previous.unmapped_share,
            }
        )
        late = judge_delivery(self._suite, self._office.engine, SCHEMA, self._stage.name)
        broken = gather([*tally.broken, *late])
        refused = tally.refused + self._refuse_late(path, late)
        reason = refused_file(self._contract, broken, tally.rows, refused)
        return Judged(
            file_refused=reason is not None,
            broken=broken + ([reason] if reason else []),
            rows=tally.rows,
            refused=refused,
            unmapped_share=tally.unmapped_share,
        )

    def _refuse_late(self, path: Path, late: list[Broken]) -> int:
        rows = [b.rows for b in late if b.rule.severity == "critical"]
        chosen = self._stage.refuse(np.unique(np.concatenate(rows))) if rows else np.empty(0, np.int64)
        if self._sealer is not None and len(chosen):
            self._stage.seal(self._sealed_again(path, chosen))
        return len(chosen)

    def _sealed_again(self, path: Path, chosen: npt.NDArray[np.int64]) -> Iterator[tuple[int, int, bytes]]:
        """Rows that only the whole file shows to be wrong are read once more and sealed as they were sent."""
        table = self._open(path)
        for raw in table.blocks():
            wanted = np.isin(raw.rows, chosen)
            if wanted.any():
                yield from self._sealed_rows(raw, table.header, wanted)
            if raw.rows[-1] >= chosen[-1]:
                return

    def _sealed_rows(
        self, raw: RawBlock, header: list[str], wanted: npt.NDArray[np.bool_]
    ) -> Iterator[tuple[int, int, bytes]]:
        assert self._sealer is not None  # noqa: S101 - for the type checker
        payloads = [p for p in raw_payloads(raw, header, wanted) if p is not None]
        first = self._sealer.next_slot
        ciphertexts = self._sealer.seal(payloads, QUARANTINE)
        numbers = raw.rows[wanted].tolist()
        yield from zip(numbers, range(first, first + len(payloads)), ciphertexts, strict=True)


def gather(broken: list[Broken]) -> list[Broken]:
    """One entry a rule and sheet: what the blocks found each for itself."""
    together: dict[tuple[str, str | None], list[Broken]] = {}
    for one in broken:
        together.setdefault((one.rule.id, one.sheet), []).append(one)
    return [
        Broken(parts[0].rule, np.concatenate([p.rows for p in parts]), parts[0].sheet, parts[0].params)
        for parts in together.values()
    ]


def _merged(first: Sealed, second: Sealed) -> Sealed:
    slots = [a if a is not None else b for a, b in zip(first.slots, second.slots, strict=True)]
    return Sealed(slots, [a or b for a, b in zip(first.ciphertexts, second.ciphertexts, strict=True)])


@contextmanager
def _ahead(blocks: Iterator[NormalBlock]) -> Iterator[Iterator[NormalBlock]]:
    """The blocks, each made in the background while the one before is used; raises what making one raised."""
    with ThreadPoolExecutor(1) as pool:

        def made() -> Iterator[NormalBlock]:
            coming = pool.submit(next, blocks, None)
            while (block := coming.result()) is not None:
                coming = pool.submit(next, blocks, None)
                yield block

        yield made()


@contextmanager
def _copier(stage: Stage) -> Iterator[Callable[[Callable[[], pa.Table]], None]]:
    """A function that makes and copies rows in the background and raises what an earlier call raised."""
    waiting: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:

        def copy(rows: Callable[[], pa.Table]) -> None:
            while len(waiting) >= _PENDING:
                waiting.pop(0).result()
            waiting.append(pool.submit(lambda: stage.copy(rows())))

        yield copy
        for future in waiting:
            future.result()
