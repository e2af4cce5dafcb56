"""The words of the pages: complete in three languages, all used, none missing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from marsad.portal import accounts, words
from marsad.portal.render import shown_at
from marsad.settings import PROJECT
from marsad.warehouse.model import LANGUAGES

PORTAL = PROJECT / "plugins" / "marsad" / "portal"
SOURCES = [path for path in PORTAL.rglob("*") if path.suffix in {".py", ".j2"}]
TEXT = "\n".join(path.read_text("utf-8") for path in SOURCES)
_SAID = re.compile(r"\bt\('([\w.]+)'[,)]")
_BEGUN = re.compile(r"\bt\('([\w.]+\.)' ~")


@pytest.mark.parametrize("key", words.portal_words())
def test_a_word_is_there_in_every_language_with_the_same_blanks(key: str) -> None:
    texts = words.portal_words()[key]
    assert set(texts) == set(LANGUAGES)
    assert all(text.strip() == text != "" for text in texts.values())
    blanks = [set(re.findall(r"\{(\w+)", text)) for text in texts.values()]
    assert blanks[0] == blanks[1] == blanks[2]


def test_every_word_that_a_page_says_is_written() -> None:
    assert {key for key in _SAID.findall(TEXT) if key not in words.portal_words()} == set()


def test_every_word_that_is_written_is_said() -> None:
    begun = tuple(_BEGUN.findall(TEXT))
    unused = {key for key in words.portal_words() if f"'{key}'" not in TEXT and f'"{key}"' not in TEXT}
    assert {key for key in unused if not key.startswith(begun)} == set()


def test_every_role_and_every_state_has_a_word() -> None:
    known = words.portal_words()
    assert {f"role.{role}" for role in accounts.ROLES} <= set(known)
    states = re.search(r"status IN \(([^)]*)\)", Path(PORTAL.parent / "warehouse" / "tables.py").read_text("utf-8"))
    assert states is not None
    assert {f"status.{state}" for state in re.findall(r"\w+", states[1])} <= set(known)


@pytest.mark.parametrize(
    ("header", "language"),
    [("ar-MA,fr;q=0.8", "ar"), ("de, en-GB;q=0.5", "en"), ("fr", "fr"), ("zh", None), ("", None), (";;,", None)],
)
def test_a_browser_is_answered_in_the_first_language_of_ours_that_it_names(header: str, language: str | None) -> None:
    assert words.accepted(header) == language


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Africa/Casablanca", "22/11/2026 00:30 UTC+01:00"),
        ("Africa/Abidjan", "21/11/2026 23:30 UTC+00:00"),
        ("Asia/Kolkata", "22/11/2026 05:00 UTC+05:30"),
    ],
)
def test_moments_are_shown_by_the_clock_of_the_agencies(zone: str, shown: str) -> None:
    assert shown_at(ZoneInfo(zone), datetime(2026, 11, 21, 23, 30, tzinfo=UTC)) == shown
