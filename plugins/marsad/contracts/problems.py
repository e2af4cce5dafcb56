"""What is wrong in a contract, said like a compiler: file, line, column, what, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault of one file. ``line`` and ``column`` count from 1; ``code`` is a stable short name of the fault."""

    file: Path
    line: int
    column: int
    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.file.parent.name}/{self.file.name}:{self.line}:{self.column}: {self.message}"
        return f"{text} — {self.hint}" if self.hint else text


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """``did you mean 'x'?`` for the nearest known word, else the text given."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.65)
    return f"did you mean '{near[0]}'?" if near else otherwise
