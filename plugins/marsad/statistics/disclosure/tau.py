"""Tau-Argus through pytauargus: which further cells of one table to hide at the least cost (docs/releases.md)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from marsad.errors import PlatformFault
from marsad.statistics.disclosure.cells import TOTAL, Cube, Dimension, Key

_PREFIX = "tau-"
_MINUTES = 1  # for one table
_SECONDS = 120  # it does not always keep to them; what it has not found by then the attack finds
_SMALL = 200  # cells, up to which the best choice is found in a moment; beyond, a good one part by part
_ALL = "T"
_UNSOLVED = b"BatchError: FullJJ failed"
_HIDDEN = ("U", "M")
_META = """<SEPARATOR> ";"
<SAFE> "S"
<UNSAFE> "U"
<PROTECT> "P"
{variables}
n
 <NUMERIC>
 <DECIMALS> 0
s
 <STATUS>
l
 <NUMERIC> <LOWERPL>
u
 <NUMERIC> <UPPERPL>
"""
_BATCH = """<OPENTABLEDATA> "table.tab"
<OPENMETADATA> "table.rda"
<SPECIFYTABLE> {names}|"n"||
<SAFETYRULE>
<READTABLE> 0
<SUPPRESS> {method}
<WRITETABLE> (1,5,SO+,"out.tab")
"""


def further(cube: Cube, names: Sequence[str], hidden: Collection[Key], width: int, tmp: Path | None = None) -> set[Key]:
    """Cells of a table to hide besides ``hidden``, so that its own margins do not give these away; none if time is up.

    The table's counts lie in a folder of their own in ``tmp`` (the system's, if left out) meanwhile.

    None either where it says that it cannot solve the table, as of very few people: the attack finds what it did not.

    Raises:
        PlatformFault: Tau-Argus is not there or broke.
    """
    seen = cube.seen(names)
    asked = [place for place, one in enumerate(seen) if one]
    codes = [_numbered(one) if one else {TOTAL: _ALL} for one in seen]
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=tmp) as folder:
        _write(Path(folder), cube, names, asked, codes, hidden, width)
        rows = _result(Path(folder), asked) if _run(Path(folder), names) else []
    meant = [{number: code for code, number in known.items()} for known in codes]
    found = (
        tuple(meant[place].get(str(row.get(f"v{place}", _ALL)), TOTAL) for place in range(len(codes)))
        for row in rows
        if row["status"] in _HIDDEN
    )
    return set(found) - set(hidden)


def sweep(tmp: Path, before: float) -> None:
    """Removes counts that killed processes left in ``tmp`` before a moment (seconds since 1970)."""
    for left in tmp.glob(f"{_PREFIX}*"):
        if left.stat().st_mtime < before:
            shutil.rmtree(left, ignore_errors=True)  # somebody else may be at it


def _run(folder: Path, names: Sequence[str]) -> bool:
    """In a process of its own: it writes logs with counts where it stands, and a crash of its solver is not ours."""
    command = [sys.executable, "-c", "from pytauargus.engine import run_batch; run_batch('batch.arb')"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - our own words
    except subprocess.TimeoutExpired:
        return False
    if done.returncode and _UNSOLVED in done.stderr:
        return False
    if done.returncode or not (folder / "out.tab").exists():
        raise PlatformFault(f"Tau-Argus did not protect the table by {', '.join(names)} (exit code {done.returncode})")
    return True


def _result(folder: Path, asked: Sequence[int]) -> list[dict[str, object]]:
    from pytauargus.result import parse_simple_tab

    rows: list[dict[str, object]] = parse_simple_tab(folder / "out.tab", [f"v{place}" for place in asked], "n")
    return rows


def _numbered(dimension: Dimension) -> Mapping[str, str]:
    """Short codes of one length: Tau-Argus pads, quotes and orders what it is given."""
    return {code: f"c{number:04}" if code != TOTAL else _ALL for number, code in enumerate(dimension.nodes)}


def _write(
    folder: Path,
    cube: Cube,
    names: Sequence[str],
    asked: Sequence[int],
    codes: Sequence[Mapping[str, str]],
    hidden: Collection[Key],
    width: int,
) -> None:
    lines = (
        (*(codes[place][key[place]] for place in asked), str(count), *_status(key in hidden, width))
        for key, count in cube.cells(names).items()
        if count or key in hidden
    )
    (folder / "table.tab").write_text("".join(";".join(line) + "\n" for line in lines), "utf-8")
    seen = cube.seen(names)
    variables = [_variable(folder, place, one, codes[place]) for place, one in enumerate(seen) if one]
    (folder / "table.rda").write_text(_META.format(variables="\n".join(variables)), "utf-8")
    small = sum(1 for _ in cube.keys(names)) <= _SMALL
    method = f"OPT(1,{_MINUTES})" if small else f"MOD(1,{_MINUTES},1,1,1)"
    batch = _BATCH.format(names="".join(f'"v{place}"' for place in asked), method=method)
    (folder / "batch.arb").write_text(batch, "utf-8")


def _status(hidden: bool, width: int) -> tuple[str, str, str]:
    return ("U", "0", str(width)) if hidden else ("S", "0", "0")


def _variable(folder: Path, place: int, dimension: Dimension, codes: Mapping[str, str]) -> str:
    """A dimension as Tau-Argus wants it described; a hierarchy goes to a file of its own."""
    lines = [f"v{place}", " <RECODEABLE>", f' <TOTCODE> "{_ALL}"']
    if set(dimension.parts) - {TOTAL}:
        tree = "".join(f"{'@' * depth}{codes[code]}\n" for depth, code in _tree(dimension, TOTAL, 0))
        (folder / f"v{place}.hrc").write_text(tree, "utf-8")
        lines += [" <HIERARCHICAL>", f' <HIERCODELIST> "v{place}.hrc"', ' <HIERLEADSTRING> "@"']
    return "\n".join(lines)


def _tree(dimension: Dimension, whole: str, depth: int) -> Iterator[tuple[int, str]]:
    for part in dimension.parts.get(whole, ()):
        yield depth, part
        yield from _tree(dimension, part, depth + 1)
