"""A person's file on paper: every word is there, in both scripts, and none of it in a log."""

from __future__ import annotations

import io
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from pypdf import PdfReader

from marsad.register.printed import pdf

AT = datetime(2030, 1, 15, tzinfo=UTC)
TOLD = {
    "person": "018f", "records": [
        {"provider": "DGSN", "identity": {"Nom": "Éléonore Kœnig", "الاسم": "فاطمة الزهراء الإدريسي"}, "empty": None},
        {"provider": "ONG", "story": "Recueillie à Rabat. " * 200},
    ],
}  # fmt: skip


def printed(told: dict[str, object]) -> tuple[int, str]:
    pages = PdfReader(io.BytesIO(pdf(told, "Marsad · 018f", AT))).pages
    return len(pages), "\n".join(page.extract_text() for page in pages)


def test_every_word_stands_there_in_its_own_direction() -> None:
    pages, text = printed(TOLD)
    assert pages > 1
    assert text.count("Marsad · 018f") == pages
    for word in ("Nom: Éléonore Kœnig", "فاطمة الزهراء الإدريسي", "provider: DGSN", "empty: —"):
        assert word in text
    assert text.count("Recueillie") == 200
    assert "?" not in text


def glyphs(text: str) -> int:
    """How many shapes of letters the file carries along."""
    page: Any = PdfReader(io.BytesIO(pdf({"a": text}, "t", AT))).pages[0]
    (font,) = page["/Resources"]["/Font"].values()
    inside = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]["/FontFile2"].get_data()
    return int(TTFont(io.BytesIO(inside))["maxp"].numGlyphs)


def test_letters_of_a_word_are_joined() -> None:
    assert glyphs("ببب") >= glyphs("ب ب ب") + 2, "a letter at the beginning, in the middle and at the end"


def test_a_sign_that_the_font_lacks_is_told_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        _, text = printed({"Nom": "ⵉⴷⵔⵉⵙⵉ Idrissi"})
    assert "Nom: ?????? Idrissi" in text
    assert ".json" in text
    assert caplog.records == [], "nor the letters that it has, for the font of the file"


def test_the_lines_and_tabs_of_a_workbook_are_lines_and_spaces() -> None:
    text = printed({"story": "one\r\ntwo\tthree\rfour"})[1]
    assert text.splitlines()[1:] == ["story: one", "two three", "four"]


def test_what_somebody_wrote_is_no_command_of_the_library() -> None:
    assert "Nom: {nb} **x** [a](b)" in printed({"Nom": "{nb} **x** [a](b)"})[1]
