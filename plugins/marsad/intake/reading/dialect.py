"""How a text file separates and quotes its cells: guessed by CleverCSV, or known from the headers that are expected."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from marsad.intake.reading.hints import Hints
from marsad.intake.reading.limits import DIALECT_BYTES, HEADER_ROWS, SAMPLE_ROWS

DELIMITERS = (",", ";", "\t", "|", ":", " ", "^", "~", "§", "¦", "#", "\x1f", "؛", "،")
_COMMON = (",", ";", "\t", "|")
_EVIDENT = (*_COMMON, "^", "~", "§", "¦", "\x1f", "؛", "،")
_RARE_IN_TEXT = ("\x1f", "\t", "|", "¦", "§", "^", "~")
"""Characters that people hardly type inside cells: where they cut rows evenly, nothing else does it for a reason."""

_EVEN = 0.9
"""Share of records of one width from which a delimiter cuts evenly: banner lines and odd rows are fewer."""

_HALF = 0.5
"""Share up to which spaces stand between words and not between cells, where there is no other sign."""

_SOME = 0.3
"""Share below which no delimiter can be said to cut anything."""

_SPACED = 0.95
_NEWLINE = re.compile(r"\r\n|\n|\r")
_RUN = re.compile(r"[^\w\s\"'.()\[\]{}?!<>=+*$€%/\\-]{2,3}")
_DECIMAL_ONLY = re.compile(r"[-+]?\d+,\d+")
_DECIMAL = re.compile(r"[-+]?\d+,\d+|[^,]*")

MARK = "\ufdd0"
"""A noncharacter: stands for a delimiter of several characters while parsers, which take one, are at work."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Separators of a text table; ``quote`` None means that quotes are ordinary characters."""

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    line_end: str = "\n"
    skip_space: bool = False

    @property
    def plain(self) -> bool:
        """True when Arrow's parser reads it as Python's does."""
        return len(self.delimiter.encode()) == 1 and self.escape is None and not self.skip_space

    @property
    def one(self) -> Dialect:
        """The same for text in which ``MARK`` has taken the place of a delimiter of several characters."""
        return self if len(self.delimiter) == 1 else replace(self, delimiter=MARK)

    def reader(self, lines: Iterable[str]) -> csv._reader:  # type: ignore[name-defined]
        """Python's own reader over physical lines."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote or '"',
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape,
            skipinitialspace=self.skip_space,
        )


def detect_dialect(head: str, hints: Hints | None = None) -> Dialect:
    """The dialect of a text that begins with ``head``.

    The delimiter under which most expected headers are found wins; without expectation, or where none is found, the
    one that cuts the records evenly, and where several do, CleverCSV's consistency measure decides (van den Burg et
    al. 2019).
    """
    sample = _whole_lines(head[:DIALECT_BYTES])
    lines = _NEWLINE.sub("\n", sample)
    known = _by_headers(lines, hints) if hints else None
    found = _escaped(lines, known or _evident(lines) or _guess(lines))
    return replace(found, line_end=_line_end(sample), skip_space=_skips_space(lines, found))


def _by_headers(sample: str, hints: Hints) -> Dialect | None:
    candidates = (*_long_delimiters(sample), *DELIMITERS)
    best = max((_score(sample, hints, delimiter), -rank) for rank, delimiter in enumerate(candidates))
    if best[0] < max(1, min(2, len(hints.headers))):
        return None
    return _quoted(sample, candidates[-best[1]])


def _score(sample: str, hints: Hints, delimiter: str) -> int:
    """How many contract columns the best of the first rows names."""
    if delimiter not in sample:
        return 0
    records = first_records(sample, _quoted(sample, delimiter), HEADER_ROWS)
    return max((len(hints.matches(cells)) for cells in records), default=0)


def first_records(text: str, dialect: Dialect, count: int) -> list[list[str]]:
    """At most ``count`` records of a text, blank lines as empty lists."""
    if dialect.one is not dialect:
        text = text.replace(dialect.delimiter, MARK)
    reader = dialect.one.reader(io.StringIO(text, newline=""))
    records = []
    try:
        for record in reader:
            records.append(record)
            if len(records) >= count:
                break
    except csv.Error:  # a cell beyond the limit: what came before it is enough to look at
        return records
    return records


def _long_delimiters(sample: str) -> list[str]:
    """Runs of signs like ``||`` that nearly every record has, and whose parts do not stand alone in the first one."""
    lines = [line for line in sample.split("\n")[:HEADER_ROWS] if line.strip()]
    runs = Counter(run for line in lines for run in set(_RUN.findall(line)))
    return [run for run, times in runs.items() if times >= _EVEN * (len(lines) - 1) and _never_apart(run, lines)]


def _never_apart(run: str, lines: list[str]) -> bool:
    first = next(line for line in lines if run in line)
    return not any(sign in first.replace(run, "") for sign in run)


def _evident(sample: str) -> Dialect | None:
    """The delimiter that gives nearly every record the same width, if there is one that stands out."""
    for delimiter in _long_delimiters(sample):
        if _evenness(sample, delimiter)[0] >= _EVEN:
            return _quoted(sample, delimiter)
    if _is_decimal_column(sample):
        return Dialect(";")
    cut = {delimiter: _evenness(sample, delimiter) for delimiter in DELIMITERS}
    even = {delimiter: first for delimiter, (share, first) in cut.items() if share >= _EVEN}
    if max(cut[delimiter][0] for delimiter in _COMMON) < _SOME and _is_single_column(sample):
        return _quoted(sample, ",")
    leading = [delimiter for delimiter, first in even.items() if first] or list(even)
    chosen = _foremost(sample, leading)
    return _quoted(sample, chosen) if chosen in _EVIDENT else None


def _foremost(sample: str, even: list[str]) -> str | None:
    rare = [delimiter for delimiter in _RARE_IN_TEXT if delimiter in even]
    if rare or len(even) == 1:
        return (rare or even)[0]
    if {*even} == {",", ";"} and _has_decimal_commas(sample):
        return ";"
    return None


def _evenness(sample: str, delimiter: str) -> tuple[float, bool]:
    """Share of the records that have the usual width (above 1), and whether the first has it."""
    if delimiter not in sample:
        return 0.0, False
    records = first_records(sample, _quoted(sample, delimiter), SAMPLE_ROWS)
    widths = [len(record) for record in records if any(map(str.strip, record))]
    counted = Counter(width for width in widths if width > 1)
    if not counted:
        return 0.0, False
    width, times = counted.most_common(1)[0]
    return times / len(widths), widths[0] == width


def _has_decimal_commas(sample: str) -> bool:
    """True when, cut at semicolons, each comma is that of a number."""
    records = first_records(sample, _quoted(sample, ";"), SAMPLE_ROWS)
    return all(_DECIMAL.fullmatch(cell.strip()) for record in records for cell in record)


def _is_decimal_column(sample: str) -> bool:
    """True for a title over numbers, all with a decimal comma."""
    title, *rows = [line.strip() for line in sample.split("\n") if line.strip()] or [""]
    return len(rows) > 1 and title.isalpha() and all(map(_DECIMAL_ONLY.fullmatch, rows))


def _is_single_column(sample: str) -> bool:
    """True for one column: no common delimiter outside quotes, and a title that nothing cuts."""
    records = [record for record in first_records(sample, Dialect(), SAMPLE_ROWS) if record]
    title = records[0][0] if records else ""
    return all(len(record) == 1 for record in records) and not any(sign in title for sign in DELIMITERS) and bool(title)


def _guess(sample: str) -> Dialect:
    import clevercsv  # half a second that contracts, which know their headers, need not pay

    found = clevercsv.Detector().detect(sample, delimiters=_candidates(sample))
    chosen = found.delimiter if found is not None else None
    words = chosen == " " and _evenness(sample, " ")[0] <= _HALF and not any(sign in sample for sign in _COMMON)
    return _quoted(sample, _fallback(sample) if words or not chosen else chosen)


def _candidates(sample: str) -> list[str]:
    return [delimiter for delimiter in DELIMITERS if delimiter in sample] or [","]


def _fallback(sample: str) -> str:
    return max(_COMMON, key=sample.count)


def _whole_lines(sample: str) -> str:
    cut = max(sample.rfind("\n"), sample.rfind("\r"))
    return sample[: cut + 1] if cut > 0 and len(sample) >= DIALECT_BYTES else sample


def _quoted(sample: str, delimiter: str) -> Dialect:
    """Double quotes unless cells are clearly wrapped in single ones (an apostrophe alone is a letter in French)."""
    edge = re.escape(delimiter)
    single = len(re.findall(rf"(?:^|{edge} ?)'(?:[^'\\\n]|''|\\.)*'(?={edge}|$)", sample, re.MULTILINE))
    double = len(re.findall(rf'(?:^|{edge} ?)"', sample, re.MULTILINE))
    return Dialect(delimiter, "'" if single > double else '"')


def _escaped(sample: str, dialect: Dialect) -> Dialect:
    """With a backslash as escape if it stands before quotes inside quoted cells; else it is an ordinary character."""
    quote, edge = dialect.quote or '"', re.escape(dialect.delimiter)
    escaped = len(re.findall(rf"\\{quote}(?!{edge}|$)", sample, re.MULTILINE))
    doubled = len(re.findall(rf"(?<!^)(?<!{edge}){quote}{quote}(?!{edge}|$)", sample, re.MULTILINE))
    return replace(dialect, escape="\\") if escaped > doubled else dialect


def _skips_space(sample: str, dialect: Dialect) -> bool:
    """True when a space belongs to each delimiter: before quotes, or after nearly every delimiter there is."""
    if not dialect.quote or dialect.delimiter.isspace():
        return False
    spaced, quoted = sample.count(f"{dialect.delimiter} "), sample.count(f"{dialect.delimiter} {dialect.quote}")
    ends = sample.count(f"{dialect.delimiter}\n")
    everywhere = spaced + ends >= _SPACED * sample.count(dialect.delimiter) > 0 and spaced > ends
    return everywhere or quoted > sample.count(f"{dialect.delimiter}{dialect.quote}")


def _line_end(sample: str) -> str:
    ends = _NEWLINE.findall(sample)
    return max(("\n", "\r\n", "\r"), key=ends.count) if ends else "\n"
