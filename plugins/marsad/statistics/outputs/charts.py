"""Bars of a table as SVG and PNG: Vega-Lite drawn by vl-convert, without a browser and without the network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from marsad.register.printed import FONT
from marsad.statistics.outputs.grid import Bar
from marsad.statistics.outputs.words import Words

_COLOURS = ("#1b5e8c", "#d9822b", "#5a8f4e", "#8d5a97", "#7a7a7a")  # told apart by those who see no red or green too
_FIRST_LETTER_RUNS_LEFT = "\u200f"  # or a label that begins with a digit would be read from the left
_FAMILY, _SIZE, _WIDTH, _BAR = "Amiri", 14, 430, 20


def svg(words: Words, bars: Sequence[Bar]) -> str:
    """The chart of a table; the same bars, the same text."""
    return str(_converter().vegalite_to_svg(_spec(words, bars), vl_version="6.4"))


def png(drawn: str) -> bytes:
    """A chart as a picture, sharp on paper."""
    return bytes(_converter().svg_to_png(drawn, scale=3))


@cache
def _converter() -> Any:  # noqa: ANN401 - a module without types, heavy: imported when the first chart is drawn
    import vl_convert

    vl_convert.register_font_directory(str(FONT.parent))
    return vl_convert


def _spec(words: Words, bars: Sequence[Bar]) -> dict[str, Any]:
    left = words.language == "ar"
    mark = _FIRST_LETTER_RUNS_LEFT if left else ""
    rows = [
        {"label": mark + one.label, "part": mark + one.part, "value": one.value or 0, "text": words.number(one.value)}
        for one in bars
    ]
    labels, parts = ([*dict.fromkeys(mark + getattr(one, name) for one in bars)] for name in ("label", "part"))
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": rows},
        "width": _WIDTH,
        "height": {"step": _BAR},
        "config": _config(),
        "encoding": {
            "y": {
                "field": "label", "type": "nominal", "sort": labels, "title": None,
                "axis": {"orient": "right" if left else "left", "labelLimit": 240, "ticks": False},
            },
            "yOffset": {"field": "part", "type": "nominal", "sort": parts},
            "x": {
                "field": "value", "type": "quantitative", "title": mark + words.say("number_of"),
                "scale": {"reverse": left, "domainMin": 0}, "axis": {"tickMinStep": 1},
            },
            "color": _colour(parts, left),
        },
        "layer": [
            {"mark": {"type": "bar"}},
            {
                "mark": {"type": "text", "align": "right" if left else "left", "dx": -4 if left else 4,
                         "color": "#222", "fontSize": _SIZE},
                "encoding": {"text": {"field": "text"}, "color": {"value": "#222"}},
            },
        ],
    }  # fmt: skip


def _config() -> dict[str, Any]:
    text = {"labelFontSize": _SIZE, "titleFontSize": _SIZE, "titleFontWeight": "normal"}
    return {"font": _FAMILY, "background": "white", "view": {"stroke": None}, "axis": text, "legend": text}


def _colour(parts: Sequence[str], left: bool) -> dict[str, Any]:
    if len(parts) < 2:  # noqa: PLR2004 - one colour needs no legend
        return {"value": _COLOURS[0]}
    pairs = [(part, _COLOURS[place % len(_COLOURS)]) for place, part in enumerate(parts)]
    legend = {"orient": "top", "direction": "horizontal", "title": None, "symbolType": "square"}
    domain, colours = zip(*(pairs[::-1] if left else pairs), strict=True)
    return {"field": "part", "type": "nominal", "scale": {"domain": domain, "range": colours}, "legend": legend}
