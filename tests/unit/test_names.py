"""Names in two scripts: which meet, which stay apart, and what holds for any text."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marsad.errors import UsageFault
from marsad.identity.names import Hearing, Likeness, load_rules
from marsad.settings import PROJECT

TABLES = PROJECT / "schemas" / "names"
RULES = load_rules(TABLES)
HEARING, LIKENESS = Hearing(RULES), Likeness(RULES)

latin_names = st.text("abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=12)
any_names = st.text(max_size=30)


def consonants(name: str) -> int:
    return len(HEARING.skeleton(HEARING.sounds(name)))


def alike(one: str, other: str) -> float:
    return float(LIKENESS.of([HEARING.sounds(one)], [HEARING.sounds(other)])[0])


MEET = {
    "article": ["الإدريسي", "Idrissi", "El Idrissi", "Al-Idrissy", "ELIDRISSI", "El-Idrīsi"],
    "article made like the next letter": ["الناصري", "Naciri", "Ennaciri", "En-Naciri", "Al Naciri"],
    "son of": ["بنجلون", "بن جلون", "Benjelloun", "Ben Jelloun", "BENJELLOUN"],
    "father of": ["أبو بكر", "بوبكر", "Aboubakar", "Boubacar", "Abubakar"],
    "people of": ["آيت لحسن", "ايت لحسن", "Ait Lahcen", "Aït-Lahcen", "Aitlahcen"],
    "servant of": ["عبد الرحيم", "عبدالرحيم", "Abderrahim", "Abdelrahim", "Abd Errahim", "Abdul Rahim"],
    "of the faith": ["نور الدين", "نورالدين", "Noureddine", "Nour Eddine", "Nordine"],
    "compound": ["فاطمة الزهراء", "Fatima Zahra", "Fatima-Zohra", "FATIMA EZZAHRA"],
    "short form": ["محمد", "Mohammed", "Mohamed", "Mouhamed", "Med"],
    "title": ["مولاي رشيد", "Moulay Rachid", "Rachid", "رشيد"],
    "Ivorian": ["N'Guessan", "Nguessan", "N Guessan", "N’GUESSAN", "نغيسان"],
    "spellings of one sound": ["Ouattara", "Watara", "واتارا"],
    "accents": ["Kouamé", "KOUAME", "كوامي"],
    "Fula letters": ["Ɓello", "Bello", "بيلو"],
    "hard and soft": ["Coulibaly", "Koulibaly", "كوليبالي"],
    "Nigerien": ["Issoufou", "Issufu", "إيسوفو"],
}


@pytest.mark.parametrize("names", MEET.values(), ids=MEET)
def test_spellings_of_one_name_meet(names: list[str]) -> None:
    apart = [(one, other, alike(one, other)) for one in names for other in names if alike(one, other) < 0.78]
    assert not apart


@pytest.mark.parametrize(
    ("one", "other"),
    [("Fatima", "Khadija"), ("محمد", "Youssef"), ("الإدريسي", "Alami"), ("Traoré", "Coulibaly"), ("كريم", "Rachid")],
)
def test_other_names_stay_apart(one: str, other: str) -> None:
    assert alike(one, other) < 0.6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("El Amrani Bennani", "Bennani El Amrani"),
        ("Fatima Zahra", "فاطمة"),
        ("Fatima El Amrani épouse Tazi", "فاطمة العمراني"),
        ("Maria Dela Cruz", "De la Cruz Maria"),
    ],
)
def test_words_in_another_order_or_missing_still_meet(one: str, other: str) -> None:
    assert alike(one, other) >= 0.8


def test_a_name_of_titles_alone_is_kept() -> None:
    assert HEARING.sounds("Moulay")
    assert HEARING.sounds("السيدة")


@pytest.mark.parametrize("nothing", ["", " ", "-", "?", "123", "…"])
def test_what_has_no_letter_is_no_name(nothing: str) -> None:
    assert HEARING.sounds(nothing) == ""
    assert alike(nothing, nothing) == 0


@pytest.mark.parametrize(
    "said",
    ["Inconnue", "NON IDENTIFIÉE", "X", "SNP", "Sans nom", "N.N.", "مجهولة الهوية", "غير معروفة", "بدون اسم"],
)
def test_what_is_written_where_nobody_knows_the_name_is_none(said: str) -> None:
    assert HEARING.sounds(said) == HEARING.sounds(f"{said} {said}") == ""
    assert HEARING.sounds(f"Fatima {said}") == HEARING.sounds("Fatima")


@pytest.mark.parametrize("name", ["Maarouf", "معروف", "Noname Xavier", "Xaviera", "Snpa"])
def test_a_name_that_holds_such_a_word_is_a_name(name: str) -> None:
    assert HEARING.sounds(name)


@pytest.mark.parametrize("name", ["Петрова", "李娜", "Ντίνα"])
def test_other_scripts_are_like_themselves_only(name: str) -> None:
    assert alike(name, name) == 1
    assert alike(name, "Fatima") == 0


@given(any_names, any_names)
def test_likeness_is_a_share_and_has_no_sides(one: str, other: str) -> None:
    there = alike(one, other)
    assert 0 <= there <= 1
    assert there == pytest.approx(alike(other, one), abs=1e-5)


@given(any_names.filter(HEARING.sounds))
def test_any_name_is_like_itself(name: str) -> None:
    assert alike(name, name) == 1


@given(st.lists(st.tuples(any_names, any_names), min_size=1, max_size=20))
def test_pairs_compared_together_come_to_the_same_as_alone(pairs: list[tuple[str, str]]) -> None:
    heard = [(HEARING.sounds(one), HEARING.sounds(other)) for one, other in pairs]
    together = LIKENESS.of([one for one, _ in heard], [other for _, other in heard])
    alone = [LIKENESS.of([one], [other])[0] for one, other in heard]
    assert np.allclose(together, alone, atol=1e-5)


@given(latin_names.filter(lambda name: consonants(name) > 2))
def test_case_hyphens_and_the_article_hardly_matter(name: str) -> None:
    assert HEARING.sounds(name) == HEARING.sounds(name.upper())
    assert alike(f"El {name}", f"al-{name}") == 1
    assert alike(f"El {name}", name) >= 0.8


@given(latin_names, latin_names)
def test_reversed_names_have_the_same_words(one: str, other: str) -> None:
    assert sorted(HEARING.sounds(f"x{one} x{other}").split()) == sorted(HEARING.sounds(f"x{other} x{one}").split())


@given(any_names)
def test_skeletons_survive_vowels_and_doubling(name: str) -> None:
    sounds = HEARING.sounds(name)
    assert HEARING.skeleton(sounds) == HEARING.skeleton("".join(sign * 2 for sign in sounds))
    assert not set("aeiuhA") & set(HEARING.skeleton(sounds))


def test_each_confusion_is_cheaper_than_leaving_both_sounds_out() -> None:
    """Otherwise the row would say something that never happens."""
    sounds = RULES.sounds
    idle = [pair for pair, cost in RULES.confusions.items() if cost >= sum(sounds[sign].omitted for sign in pair)]
    assert not idle


@pytest.mark.parametrize(
    ("table", "line", "said"),
    [
        ("letters", "latin,zz,Z,", "a sound that sounds.csv does not have"),
        ("sounds", "y,,2,", "a cost is a number from 0 to 1"),
        ("confusions", "b,9,0.1,", "a sound that sounds.csv does not have"),
        ("confusions", "b,p", "a row has 4 cells"),
        ("nobody", "Néant,", "write the word as it is after folding: 'neant'"),
        ("particles", "Él,next,,", "write the word as it is after folding: 'el'"),
        ("particles", "zu,before,,", "joins must be one of next, previous, nothing"),
    ],
)
def test_a_wrong_row_is_named_with_its_place(tmp_path: Path, table: str, line: str, said: str) -> None:
    folder = shutil.copytree(TABLES, tmp_path / "names")
    path = folder / f"{table}.csv"
    number = path.read_text("utf-8").count("\n") + 1
    path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")
    with pytest.raises(UsageFault, match=f"{table}.csv:{number}: {said}"):
        load_rules(folder)


def test_an_alef_with_hamza_is_no_article() -> None:
    assert alike("ألان", "Alan") > 0.9
    assert alike("إلياس", "Elias") > 0.9
