"""Judging one file: read, normalise, row rules block by block, staging, delivery rules, the verdict on the whole.

Blocks flow through threads: while one is read and normalised, the one before is judged, the one before that
fingerprinted and sealed, and earlier ones are copied into staging and taken into core, the last while delivery rules
are judged. Arrow, psycopg2 and hashing let the others run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from marsad.contracts.model import Contract
from marsad.errors import ProviderFault
from marsad.identity.vault import Sealer
from marsad.intake import sealed
from marsad.intake.background import ahead, behind
from marsad.intake.blocks import NormalBlock, RawBlock, State
from marsad.intake.elsewhere import belonging
from marsad.intake.justifications import told_apart
from marsad.intake.naming import clear_name
from marsad.intake.normalise import Normaliser
from marsad.intake.office import Office
from marsad.intake.reading import Hints, TableInfo
from marsad.intake.reading.sandbox import open_file
from marsad.intake.reports.findings import Titles, titles_of
from marsad.intake.rows import QUARANTINE, FileFacts, RowKeys, Staging, raw_payloads
from marsad.intake.stage import SCHEMA, Stage
from marsad.quality.findings import Broken
from marsad.quality.messages import message_rule
from marsad.quality.refusal import refused_file, refused_rows

_PENDING = 1  # blocks that a step may have in hand; each is tens of megabytes

Take = Callable[[int], None]
Blocked = tuple[NormalBlock, npt.NDArray[np.bool_]]  # a block and which of its rows are refused


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

    def judge(self, path: Path, previous: Previous, take: Take | None = None) -> Judged:
        """The verdict on the file at ``path``; a file that cannot be read is refused with the reason as its finding.

        ``take`` is called, in another thread, with the last row of each staged block: whoever merges early may take
        what stands up to there. All calls have returned when this does.

        Raises:
            PassingFault, PlatformFault: not the sender's fault; the delivery stays open.
        """
        tmp = self._office.settings.place("tmp")
        try:
            self._check_sender()
            with sealed.opened(path, self._office.keyring, tmp) as clear:
                return self._judge(clear, previous, take)
        except ProviderFault as fault:
            return Judged(file_refused=True, broken=[Broken(message_rule(fault.rule), params=fault.params)])

    def _judge(self, path: Path, previous: Previous, take: Take | None) -> Judged:
        table = self._open(path)
        with behind(take or _nothing) as taken:  # numbers of rows, so any number of them may wait
            tally = self._judge_rows(table, taken)
            if not tally.rows:
                return Judged(file_refused=True, broken=[Broken(message_rule("file.empty"))])
            judged = self._conclude(path, tally, previous)
        left = table.left if table.sheet or table.delimiter else None
        judged.titles = titles_of(self._contract, table.header, left=left)
        return judged

    def _check_sender(self) -> None:
        known = self._contract.providers
        if known and self._provider not in known:
            raise ProviderFault("file.provider_unknown", provider=self._provider, known=", ".join(known))
        if self._contract.revision.kind == "file_name" and not self._keys.file_version:
            raise ProviderFault("file.name_unexpected", pattern=self._contract.revision.value)

    def _open(self, path: Path) -> TableInfo:
        name = clear_name(self._facts.name)
        try:
            return open_file(path, hints=Hints.of(self._contract), name=name).tables[0]
        except ProviderFault as fault:
            raise belonging(fault, path, name, self._contract, self._office.settings) from None

    def _judge_rows(self, table: TableInfo, taken: Take) -> Tally:
        came = self._facts.received_at.astimezone(UTC).date()
        normaliser = Normaliser(self._contract, self._office.catalog.codelists, table.header, came)
        tally, judge = Tally(), self._office.judge(self._contract.feed)
        self._stage.create()
        with ahead(map(normaliser.block, table.blocks())) as blocks, self._stager(table.header, taken) as stage:
            for block in blocks:
                broken = judge.judge(block)
                refused = refused_rows(broken, block.raw.rows)
                stage((block, refused))
                self._count(tally, block, broken, refused)
        tally.broken += [Broken(message_rule(note.rule), params={"rows": note.rows}) for note in table.notes]
        return tally

    @contextmanager
    def _stager(self, header: list[str], taken: Take) -> Iterator[Callable[[Blocked], None]]:
        """A function that has judged blocks made ready, copied and taken."""
        staging = Staging(self._contract, self._keys, self._sealer, header)

        def copy(rows: pa.Table) -> None:
            self._stage.copy(rows)
            taken(rows["row"][-1].as_py())

        def make(blocked: Blocked) -> None:
            copied(staging.table(*blocked))

        with behind(copy, _PENDING) as copied, behind(make, _PENDING) as made:
            yield made

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
        from marsad.quality.delivery import judge_delivery  # here, because it brings GX, which takes seconds to import

        self._stage.mark_repeats()
        self._stage.write_facts(
            {
                "rows": tally.rows,
                "refused": tally.refused,
                "rows_before": previous.rows,
                "unmapped_share": tally.unmapped_share,
                "unmapped_share_before": previous.unmapped_share,
                **(self._withdrawn() if self._contract.mode == "snapshot" else {}),
            }
        )
        late = judge_delivery(self._suite, self._office.engine, SCHEMA, self._stage.name)
        broken = gather([*tally.broken, *late])
        refused = tally.refused + self._refuse_late(path, late)
        broken += self._strangers()
        reason = refused_file(self._contract, broken, tally.rows, refused)
        return Judged(
            file_refused=reason is not None,
            broken=told_apart(broken, self._stage, self._provider) + ([reason] if reason else []),
            rows=tally.rows,
            refused=refused,
            unmapped_share=tally.unmapped_share,
        )

    def _withdrawn(self) -> dict[str, float | int | None]:
        before, withdrawn = self._stage.withdrawn(self._contract.feed, self._provider)
        return {"records_before": before, "records_withdrawn": withdrawn}

    def _strangers(self) -> list[Broken]:
        """Told, not refused: a withdrawal may come before its record, and a wrong number looks the same."""
        if self._contract.withdrawal is None:
            return []
        rows = self._stage.strangers(self._contract.feed, self._provider)
        rule = replace(message_rule("withdrawal.unknown"), column=self._contract.key[0].name)
        return [Broken(rule, rows)] if len(rows) else []

    def _refuse_late(self, path: Path, late: list[Broken]) -> int:
        rows = [b.rows for b in late if b.rule.severity == "critical"]
        if not rows:
            return 0
        chosen = self._stage.refuse(np.unique(np.concatenate(rows)))
        unsealed = chosen[chosen[:, 1] == 1, 0]
        if self._sealer is not None and len(unsealed):
            self._seal_again(path, unsealed)
        return len(chosen)

    def _seal_again(self, path: Path, chosen: npt.NDArray[np.int64]) -> None:
        """Rows that only the whole file shows to be wrong are read once more and sealed as they were sent."""
        table = self._open(path)
        for raw in table.blocks():
            wanted = np.isin(raw.rows, chosen)
            if wanted.any():
                self._stage.seal(self._sealed_rows(raw, table.header, wanted))
            if raw.rows[-1] >= chosen[-1]:
                return

    def _sealed_rows(
        self, raw: RawBlock, header: list[str], wanted: npt.NDArray[np.bool_]
    ) -> Iterator[tuple[int, int, bytes]]:
        assert self._sealer is not None  # noqa: S101 - for the type checker
        payloads = raw_payloads(raw, header, wanted).drop_null().to_pylist()
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


def _nothing(_: int) -> None:
    """A dry run takes nothing."""
