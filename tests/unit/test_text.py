import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from marsad.contracts.text import fold

ALIKE = [
    ("Date de naissance", "DATE  DE\tNAISSANCE", "date_de_naissance", "Date de naissance :"),
    ("Né(e) le", "NE (E) LE", "né e le"),
    ("N° du dossier", "Nº du dossier", "no du dossier"),
    ("Œuvre", "oeuvre", "ŒUVRE"),
    ("pièce d'identité", "Pièce d’identité", "PIECE D IDENTITE"),
    ("تاريخ الازدياد", "تاريخ الاِزدياد", "تــاريخ الازدياد", "تاريخ\u00a0الازدياد\u200f"),
    ("الإجمالي", "الاجمالي", "الأجمالي", "الإجمالى"),
    ("ضحية", "ضحيه"),
    ("مسؤول", "مسوول"),
    ("إستغلال جنسي", "استغلال جنسى"),
    ("قضاء", "قضا"),
    ("2023", "٢٠٢٣", "۲۰۲۳", "２０２３"),
]
APART = [("<5", "5"), ("15+", "15"), ("%", "-"), ("-", "?"), ("sexe", "sexes"), ("3.5 %", "3.5"), ("ذكر", "أنثى")]


@pytest.mark.parametrize("spellings", ALIKE, ids=lambda spellings: spellings[0])
def test_what_agencies_write_for_one_thing_folds_alike(spellings):
    assert len({fold(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_means_two_things_stays_apart(one, other):
    assert fold(one) != fold(other)


@given(st.text(max_size=40))
@example("ﷺ ﻻ")
@example("ẞß")
@example("ͅΐ")
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(codec="utf-8", min_codepoint=0x20, max_codepoint=0x6FF), max_size=30))
def test_composed_and_decomposed_spellings_fold_alike(text):
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(st.text("aébأىةء 3٣", min_size=1, max_size=12), st.sampled_from([" ", "\u00a0", "  ", "\t", "\u200e "]))
def test_space_around_makes_no_difference(text, space):
    assert fold(space + text + space) == fold(text)


def test_only_nothing_folds_to_nothing():
    assert fold(" \t\u00a0") == ""
    assert fold("-") == "-"
    assert fold("?") == fold("؟") or fold("؟") == "؟"


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)))
def test_plain_letters_fold_like_those_of_full_width(text):
    wide = "".join(chr(ord(char) + 0xFEE0) for char in text)
    assert fold(text) == fold(wide)
