"""How a text file separates and quotes its cells: guessed by CleverCSV, or known from the headers that are expected."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from marsad.intake.reading.hints import Hints
from marsad.intake.reading.limits import DIALECT_BYTES, HEADER_ROWS, SAMPLE_ROWS

DELIMITERS = (",", ";", "\t", "|", ":", " ", "^", "~", "§", "¦", "#", "\x1f")
_COMMON = (",", ";", "\t", "|")
_NEWLINE = re.compile(r"\r\n|\n|\r")


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

    The delimiter under which most expected headers are found wins; without expectation, or where none is found,
    CleverCSV's consistency measure decides (van den Burg et al. 2019).
    """
    sample = head[:DIALECT_BYTES]
    known = _by_headers(sample, hints) if hints else None
    found = known or _evident(sample) or _guess(sample)
    return replace(found, line_end=_line_end(sample), skip_space=_skips_space(sample, found))


def _by_headers(sample: str, hints: Hints) -> Dialect | None:
    best = max((_score(sample, hints, delimiter), -rank) for rank, delimiter in enumerate(DELIMITERS))
    if best[0] < max(1, min(2, len(hints.headers))):
        return None
    delimiter = DELIMITERS[-best[1]]
    return _escaped(sample, Dialect(delimiter, _quote(sample, delimiter)))


def _score(sample: str, hints: Hints, delimiter: str) -> int:
    """How many contract columns the best of the first rows names."""
    if delimiter not in sample:
        return 0
    dialect = Dialect(delimiter, _quote(sample, delimiter))
    return max((len(hints.matches(cells)) for cells in first_records(sample, dialect, HEADER_ROWS)), default=0)


def first_records(text: str, dialect: Dialect, count: int) -> list[list[str]]:
    """At most ``count`` records of a text, blank lines as empty lists."""
    reader = dialect.reader(io.StringIO(text, newline=""))
    records = []
    try:
        for record in reader:
            records.append(record)
            if len(records) >= count:
                break
    except csv.Error:  # a cell beyond the limit: what came before it is enough to look at
        return records
    return records


def _evident(sample: str) -> Dialect | None:
    """The one common delimiter that gives every record the same width, if it is the only one."""
    even = [delimiter for delimiter in _COMMON if _is_even(sample, delimiter)]
    return _escaped(sample, Dialect(even[0], _quote(sample, even[0]))) if len(even) == 1 else None


def _is_even(sample: str, delimiter: str) -> bool:
    if delimiter not in sample:
        return False
    records = first_records(_whole_lines(sample), Dialect(delimiter, _quote(sample, delimiter)), SAMPLE_ROWS)
    widths = {len(record) for record in records if record}
    return len(widths) == 1 and widths.pop() > 1 and len(records) > 2


def _guess(sample: str) -> Dialect:
    import clevercsv  # half a second that contracts, which know their headers, need not pay

    found = clevercsv.Detector().detect(_whole_lines(sample), delimiters=_candidates(sample))
    delimiter = found.delimiter if found is not None and found.delimiter else _fallback(sample)
    return _escaped(sample, Dialect(delimiter, _quote(sample, delimiter)))


def _candidates(sample: str) -> list[str]:
    return [delimiter for delimiter in DELIMITERS if delimiter in sample] or [","]


def _fallback(sample: str) -> str:
    return max(_COMMON, key=sample.count)


def _whole_lines(sample: str) -> str:
    cut = max(sample.rfind("\n"), sample.rfind("\r"))
    return sample[: cut + 1] if cut > 0 and len(sample) >= DIALECT_BYTES else sample


def _quote(sample: str, delimiter: str) -> str:
    """Double quotes unless cells are clearly wrapped in single ones (an apostrophe alone is a letter in French)."""
    edge = re.escape(delimiter)
    single = len(re.findall(rf"(?:^|{edge})'(?:[^'\r\n]|'')*'(?={edge}|\r?$)", sample, re.MULTILINE))
    double = len(re.findall(rf'(?:^|{edge})"', sample, re.MULTILINE))
    return "'" if single > double else '"'


def _escaped(sample: str, dialect: Dialect) -> Dialect:
    """With a backslash as escape if it stands before quotes inside quoted cells; else it is an ordinary character."""
    quote, edge = dialect.quote or '"', re.escape(dialect.delimiter)
    escaped = len(re.findall(rf"\\{quote}(?!{edge}|\r?$)", sample, re.MULTILINE))
    doubled = len(re.findall(rf"(?<!^)(?<!{edge}){quote}{quote}(?!{edge}|\r?$)", sample, re.MULTILINE))
    return replace(dialect, escape="\\") if escaped > doubled else dialect


def _skips_space(sample: str, dialect: Dialect) -> bool:
    if not dialect.quote or dialect.delimiter == " ":
        return False
    spaced = sample.count(f"{dialect.delimiter} {dialect.quote}")
    return spaced > sample.count(f"{dialect.delimiter}{dialect.quote}")


def _line_end(sample: str) -> str:
    ends = _NEWLINE.findall(sample)
    return max(("\n", "\r\n", "\r"), key=ends.count) if ends else "\n"
