"""What is known of names, read from ``schemas/names``: letters, sounds, how they are confused, particles and titles."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from marsad.contracts.text import fold
from marsad.errors import UsageFault

Script = Literal["arabic", "latin"]
Joins = Literal["next", "previous", "nothing"]
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "letters": ("script", "pattern", "sounds", "reason"),
    "sounds": ("sound", "class", "omitted", "reason"),
    "confusions": ("sound", "other", "cost", "reason"),
    "particles": ("word", "joins", "into", "reason"),
    "nobody": ("words", "reason"),
}


@dataclass(frozen=True, slots=True)
class Speller:
    """How one script is heard: one expression of all patterns, and the sounds of each."""

    pattern: re.Pattern[str]
    sounds: Mapping[str, str]

    def heard(self, word: str) -> str:
        """The sounds of a folded word."""
        return self.pattern.sub(lambda found: self.sounds[found.lastgroup or ""], word)


@dataclass(frozen=True, slots=True)
class Sound:
    """``kind`` is its class for finding candidates, "" for what may be left out; ``omitted`` is what that costs."""

    kind: str
    omitted: float


@dataclass(frozen=True, slots=True)
class NameRules:
    """All rules on names. ``confusions`` holds each pair once; sounds not named there have nothing in common.

    ``joins`` says of particles and titles which way they join; ``into`` what is heard instead of a word: the sound of
    a particle (a capital), or another word. ``nobody`` finds what is written where a name is not known.
    """

    spellers: Mapping[Script, Speller]
    sounds: Mapping[str, Sound]
    confusions: Mapping[tuple[str, str], float]
    joins: Mapping[str, Joins]
    into: Mapping[str, str]
    nobody: re.Pattern[str]


def load_rules(folder: Path) -> NameRules:
    """The tables of ``schemas/names``. Raises UsageFault naming file and line of what is wrong."""
    sounds = {row["sound"]: Sound(row["class"], _cost(line, row["omitted"])) for line, row in _rows(folder, "sounds")}
    particles = {_folded(line, row["word"]): (_joins(line, row["joins"]), row["into"])
                 for line, row in _rows(folder, "particles")}  # fmt: skip
    return NameRules(
        spellers={script: _speller(folder, script, frozenset(sounds)) for script in get_args(Script)},
        sounds=sounds,
        confusions=dict(_confusion(line, row, frozenset(sounds)) for line, row in _rows(folder, "confusions")),
        joins={word: joins for word, (joins, _) in particles.items()},
        into={word: into for word, (_, into) in particles.items() if into},
        nobody=_whole_words(_folded(line, row["words"]) for line, row in _rows(folder, "nobody")),
    )


def _rows(folder: Path, table: str) -> Iterator[tuple[str, dict[str, str]]]:
    path = folder / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if tuple(reader.fieldnames or ()) != _COLUMNS[table]:
            raise UsageFault(f"{path.name}:1: the columns must be {','.join(_COLUMNS[table])}")
        for row in reader:
            place = f"{path.name}:{reader.line_num}"
            if None in row or None in row.values():
                raise UsageFault(f"{place}: a row has {len(_COLUMNS[table])} cells, no more and no less")
            yield place, row


def _cost(place: str, text: str) -> float:
    try:
        cost = float(text)
    except ValueError:
        cost = -1.0
    if not 0 <= cost <= 1:
        raise UsageFault(f"{place}: a cost is a number from 0 to 1")
    return cost


def _folded(place: str, word: str) -> str:
    if fold(word) != word:
        raise UsageFault(f"{place}: write the word as it is after folding: '{fold(word)}'")
    return word


def _whole_words(texts: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(texts, key=len, reverse=True)
    return re.compile(rf"(?<!\S)(?:{'|'.join(map(re.escape, longest_first))})(?!\S)")


def _joins(place: str, text: str) -> Joins:
    for known in get_args(Joins):
        if text == known:
            return known  # type: ignore[no-any-return]  # get_args is untyped
    raise UsageFault(f"{place}: joins must be one of {', '.join(get_args(Joins))}")


def _confusion(place: str, row: Mapping[str, str], sounds: frozenset[str]) -> tuple[tuple[str, str], float]:
    if not {row["sound"], row["other"]} <= sounds:
        raise UsageFault(f"{place}: a sound that sounds.csv does not have")
    return (row["sound"], row["other"]), _cost(place, row["cost"])


def _speller(folder: Path, script: Script, sounds: frozenset[str]) -> Speller:
    patterns: list[str] = []
    heard: dict[str, str] = {}
    for place, row in _rows(folder, "letters"):
        if row["script"] != script:
            continue
        if not set(row["sounds"]) <= sounds:
            raise UsageFault(f"{place}: a sound that sounds.csv does not have")
        name = f"rule{len(patterns)}"
        patterns.append(f"(?P<{name}>{row['pattern']})")
        heard[name] = row["sounds"]
    return Speller(re.compile("|".join(patterns)), heard)
