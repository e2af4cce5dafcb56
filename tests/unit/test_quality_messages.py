"""The catalogue is what agencies read: complete in three languages, saying the same in each."""

import re

import pytest

from marsad.errors import PlatformFault, UsageFault
from marsad.quality.findings import Rule
from marsad.quality.messages import load_messages, message_rule, render

CATALOGUE = load_messages()
_PLACEHOLDER = re.compile(r"{(\w+)}")


@pytest.mark.parametrize("id_", CATALOGUE)
def test_languages_say_the_same_things(id_):
    named = {frozenset(_PLACEHOLDER.findall(text)) for text in CATALOGUE[id_].text.values()}
    assert len(named) == 1


@pytest.mark.parametrize("id_", CATALOGUE)
def test_texts_are_sentences_in_their_own_script(id_):
    text = CATALOGUE[id_].text
    assert re.search(r"[\u0600-\u06ff]{3}", text["ar"])
    assert not re.search(r"[\u0600-\u06ff]{3}", text["fr"] + text["en"])
    assert all(words.rstrip().endswith((".", "}")) for words in text.values())


def test_rendering_fills_what_it_is_given():
    text = render("delivery.refused_share", "en", {"rows": 10, "refused": 7, "limit": 50})
    assert text.startswith("7 of 10 rows are refused, more than the 50% allowed")


def test_a_rule_of_a_suite_speaks_for_itself():
    rule = Rule("a.b", "warning", "row", None, {"fr": "Lisez {n}", "ar": "ا", "en": "Read {n}"})
    assert render(rule, "fr", {"n": 3}) == "Lisez 3"
    assert render(rule, "en") == "Read {n}"


def test_unknown_ids_and_languages_are_our_fault():
    with pytest.raises(PlatformFault, match="no message 'nope'"):
        message_rule("nope")
    with pytest.raises(PlatformFault, match="no message in 'de'"):
        render("blank", "de")


def test_a_catalogue_without_a_language_is_refused(tmp_path):
    path = tmp_path / "messages.yaml"
    path.write_text("a: {severity: info, scope: row, fr: x, en: y}\n")
    with pytest.raises(UsageFault, match="'a' needs severity, scope and a text in each of fr, ar, en"):
        load_messages(path)
    path = tmp_path / "others.yaml"
    path.write_text("a: {severity: fatal, scope: row, fr: x, ar: z, en: y}\n")
    with pytest.raises(UsageFault, match="'a' needs severity"):
        load_messages(path)
