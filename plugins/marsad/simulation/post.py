"""From rows to files: numbers them in the order of sending, writes them and books each with the oracle."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from marsad.contracts.model import Contract
from marsad.simulation.forms import Form
from marsad.simulation.oracle import Oracle, Sending
from marsad.simulation.periods import Span
from marsad.simulation.rows import Row
from marsad.simulation.writers import Table, write

_TOTAL = {"fr": "TOTAL", "ar": "المجموع"}


@dataclass(frozen=True, slots=True)
class Letter:
    """What an office sends: rows of a period, dated ``version``. ``cases`` name what the sending shows."""

    contract: Contract
    form: Form
    span: Span
    version: date
    rows: Sequence[Row]
    cases: tuple[str, ...] = ()
    total_row: bool = False


class Post:
    """Writes letters to ``out`` as ``NN_provider_feed_period.ext``."""

    def __init__(self, out: Path, oracle: Oracle) -> None:
        self._out, self._oracle, self._sent = out, oracle, 0

    def send(self, letter: Letter) -> str:
        """Write and book one file; the name of the file."""
        letter = _dated(letter)
        name = self._name(letter)
        table = _table(letter)
        write(self._out / name, table, letter.form.kind)
        self._oracle.take(_sending(letter, name, len(table.banner)))
        return name

    def send_again(self, letter: Letter, first: str) -> str:
        """The bytes of file ``first`` under another name."""
        name = self._name(letter, "copie")
        shutil.copyfile(self._out / first, self._out / name)
        self._oracle.take(replace(_sending(letter, name, 0), first=first, notes=("duplicate_file",)))
        return name

    def send_broken(self, letter: Letter, kind: str, inbox: Letter | None = None) -> str:
        """A file that is refused whole, for the file fault ``kind``.

        With ``inbox``, the letter's table lands in the inbox of that other letter.
        """
        letter = _dated(letter)
        target = inbox or letter
        name = self._name(replace(target, form=replace(target.form, kind=letter.form.kind)))
        path = self._out / name
        write(path, _without_key(letter) if kind == "no_key_column" else _table(letter), letter.form.kind)
        if kind in {"truncated", "empty"}:
            content = path.read_bytes()
            path.write_bytes(content[: len(content) // 2] if kind == "truncated" else b"")
        self._oracle.take(replace(_sending(target, name, 0), trouble=kind, notes=(kind,)))
        return name

    def _name(self, letter: Letter, *more: str) -> str:
        self._sent += 1
        stem = "_".join((letter.form.provider, letter.contract.feed.replace("/", "-"), letter.span.label, *more))
        return f"{self._sent:03d}_{stem}{letter.form.kind.extension}"


def _dated(letter: Letter) -> Letter:
    """The letter with its date in each row, where the contract reads the version from a column."""
    revision = letter.contract.revision
    if revision.kind != "column":
        return letter
    return replace(letter, rows=[row.put(revision.value, letter.version) for row in letter.rows])


def _table(letter: Letter) -> Table:
    total = (_TOTAL[letter.form.language], str(len(letter.rows))) if letter.total_row else ()
    return letter.form.table(letter.contract, letter.rows, total)


def _without_key(letter: Letter) -> Table:
    key = {column.name for column in letter.contract.key}
    return replace(letter.form, hidden=(*letter.form.hidden, *key)).table(letter.contract, letter.rows)


def _sending(letter: Letter, name: str, banner: int) -> Sending:
    first_line = 1 if letter.form.kind.kind in {"json", "jsonl"} else banner + 2
    return Sending(
        file=name,
        contract=letter.contract,
        provider=letter.form.provider,
        rows=letter.rows,
        first_line=first_line,
        version=letter.version,
        notes=letter.cases,
        total_row=letter.total_row,
    )
