"""The catalogue is what agencies read: complete in three languages, saying the same in each."""

import re

import pytest

from marsad.errors import PlatformFault, UsageFault
from marsad.quality.findings import Rule
from marsad.quality.messages import load_messages, message_rule, render

CATALOGUE = load_messages()
_PLACEHOLDER = re.compile(r"{(\w+)[}|]")


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


@pytest.mark.parametrize("id_", CATALOGUE)
def test_every_counted_noun_has_all_forms_of_its_language(id_):
    forms = {"fr": 2, "ar": 5, "en": 2}
    for language, text in CATALOGUE[id_].text.items():
        for found in re.findall(r"{\w+\|([^{}]*)}", text):
            assert found.count("|") + 1 == forms[language]


@pytest.mark.parametrize(
    ("rows", "said"),
    [(1, "سطر فارغ واحد"), (2, "سطرين فارغين"), (3, "3 سطور"), (10, "10 سطور"), (11, "11 سطراً"), (99, "99 سطراً"),
     (100, "100 سطر"), (103, "103 سطور"), (111, "111 سطراً")],
)  # fmt: skip
def test_arabic_nouns_follow_their_number(rows, said):
    assert f"تم تجاهل {said}" in render("file.note.blank_rows", "ar", {"rows": rows})


def test_one_row_is_not_told_as_several():
    assert render("file.note.blank_rows", "fr", {"rows": 1}).startswith("1 ligne vide a été ignorée.")
    assert render("file.note.blank_rows", "en", {"rows": 2}).startswith("2 blank rows were left out.")
