"""A person's whole file as a PDF: in Latin and Arabic letters, each line in its own direction."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from fpdf import FPDF

# Amiri (SIL Open Font License, fonts/OFL.txt): one font for both scripts, so that names in both stand in one line.
FONT = Path(__file__).parent / "fonts" / "Amiri-Regular.ttf"
_STEP, _DEEPEST = 5, 6  # mm for each level; from some level on no more
LINE = 6  # mm
_LACKS = "?"
_TOLD = (
    "? : signe absent de la police, voir le fichier .json · علامة لا يتضمنها الخط · not in the font: see the .json file"
)
# They write signs that a font lacks, and all letters of a text, into the log: parts of names.
for _library in ("fpdf", "fontTools"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)


def pdf(told: Mapping[str, object], title: str, at: datetime) -> bytes:
    """The pages of what was collected, made ``at`` that moment."""
    paper = Paper(title, at)
    for depth, text in _lines(told, 0):
        paper.put(depth, text)
    if paper.lacking:
        paper.put(0, _TOLD)
    return bytes(paper.output())


def _lines(value: object, depth: int, name: str = "") -> Iterator[tuple[int, str]]:
    """Each line with its depth; lists are numbered."""
    parts = {str(place): part for place, part in enumerate(value, 1)} if isinstance(value, list | tuple) else value
    if not isinstance(parts, Mapping):
        text = "—" if parts is None else str(parts)
        yield from ((depth, name), (depth + 1, text)) if _runs_left(text) else ((depth, f"{name}: {text}"),)
        return
    if name:
        yield depth, name
    for inner, part in parts.items():
        yield from _lines(part, depth + bool(name), str(inner))


def _runs_left(text: str) -> bool:
    """Whether its first letter is of a script that runs from right to left."""
    kinds = (unicodedata.bidirectional(sign) for sign in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"


class Paper(FPDF):
    """Pages with a line on top; ``title`` and page number stand in it. Signs that the font lacks become ``?``."""

    def __init__(self, title: str, at: datetime) -> None:
        super().__init__()
        self.lacking = False
        self._title = title
        self.set_title(title)
        self.alias_nb_pages("")  # "{nb}" is what somebody wrote, not the number of pages
        self.set_creation_date(at)
        self.add_font("both", fname=FONT)
        self.set_font("both", size=11)
        self.set_text_shaping(True)
        self._has = frozenset(self.current_font.cmap)  # type: ignore[union-attr]
        self.add_page()

    def header(self) -> None:
        """On every page: whose file it is, and the page's number."""
        self.set_x(self.l_margin)
        self.cell(0, LINE, f"{self._title} · {self.page_no()}", align="C", new_x="LMARGIN", new_y="NEXT")

    def put(self, depth: int, text: str) -> None:
        """One line, or as many as it takes."""
        self.set_x(self.l_margin + _STEP * min(depth, _DEEPEST))
        self.multi_cell(
            0, LINE, self.printable(text), align="R" if _runs_left(text) else "L", new_x="LMARGIN", new_y="NEXT"
        )

    def printable(self, text: str) -> str:
        """``text`` as far as the font has its signs."""
        plain = "\n".join(text.splitlines()).expandtabs(1)
        known = "".join(sign if ord(sign) in self._has or sign == "\n" else _LACKS for sign in plain)
        self.lacking |= known != plain
        return known
