"""The bulletin of a release in one language: what stands in it, as a page that needs no other file, and on paper."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.subset import Options, Subsetter, load_font, save_font
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from marsad.contracts.codelists import CodeList
from marsad.register.printed import FONT
from marsad.statistics.outputs import charts, paper
from marsad.statistics.outputs.grid import Grid, bars, grid
from marsad.statistics.outputs.words import Words
from marsad.statistics.releases.package import note
from marsad.statistics.releases.store import Build
from marsad.statistics.releases.tables import Table
from marsad.warehouse.model import LANGUAGES


@dataclass(frozen=True)
class Section:
    """A table with its chart; both with the counting rule and what is said of cells that are not shown."""

    title: str
    rule: str
    note: str
    chart: str
    chart_title: str
    grid: Grid


@dataclass(frozen=True)
class Bulletin:
    """What a bulletin says. ``remarks`` stand before the tables, the first says whether it is signed."""

    language: str
    heading: str
    title: str
    facts: tuple[str, ...]
    remarks: tuple[str, ...]
    sections: tuple[Section, ...]


def files(build: Build, lists: Mapping[str, CodeList], schemas: Path) -> dict[str, bytes]:
    """HTML and PDF in each language, by file name; the same bytes whenever they are made."""
    found: dict[str, bytes] = {}
    for language in LANGUAGES:
        said = bulletin(Words(build, lists, schemas, language))
        found[f"bulletin-{language}.html"] = page(said).encode()
        found[f"bulletin-{language}.pdf"] = paper.pdf(said, build.as_of)
    return found


def bulletin(words: Words) -> Bulletin:
    """What the bulletin says in the language of ``words``."""
    build, language = words.build, words.language
    return Bulletin(
        language,
        words.say("heading"),
        build.definition.title[language],
        (
            words.say("period", period=build.period.label),
            words.say("as_of", day=f"{build.as_of:%d/%m/%Y}", number=build.number),
        ),
        tuple(_remarks(words)),
        tuple(_section(words, table) for table in build.tables()),
    )


def page(said: Bulletin) -> str:
    """The bulletin as HTML, with its charts in it and the letters they were drawn with: others would not fit."""
    drawn = str(_template().render(said=said, left=said.language == "ar", font=""))
    font = base64.b64encode(_letters(frozenset(drawn))).decode()
    return str(_template().render(said=said, left=said.language == "ar", font=font))


def _letters(signs: Set[str]) -> bytes:
    """What of the font these signs need, joined letters included."""
    options = Options(flavor="woff", recalc_timestamp=False)
    font = load_font(str(FONT), options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=sorted(map(ord, signs)))
    subsetter.subset(font)
    content = io.BytesIO()
    save_font(font, content, options)
    return content.getvalue()


def _remarks(words: Words) -> Sequence[str]:
    build = words.build
    signed = build.state == "signed" and build.decided_at
    found = [
        words.say("signed", by=build.decided_by or "", day=f"{build.decided_at:%d/%m/%Y}")
        if signed
        else words.say("unsigned")
    ]
    if build.missing:
        named = ", ".join(f"{one['feed']} {one['provider']} {one['period']}" for one in build.missing)
        found.append(words.say("missing", deliveries=named))
    return found


def _section(words: Words, table: Table) -> Section:
    title = table.spec.title[words.language]
    drawn = charts.svg(words, bars(words, table))
    told = note(table, words.language)
    return Section(title, words.rule(table), told, drawn, words.say("chart", title=title), grid(words, table))


@cache
def _template() -> Any:  # noqa: ANN401 - jinja2.Template is not typed through the loader
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("bulletin.html.j2")
