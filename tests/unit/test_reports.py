"""What a sender reads: findings joined, nothing told twice, pages whole in themselves, JSON for programs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from marsad.contracts.catalog import load_catalog
from marsad.contracts.expected import expected_columns
from marsad.contracts.spreadsheet import letters
from marsad.contracts.wording import load_wording
from marsad.intake.reports import describe, page
from marsad.intake.reports.findings import titles_of, without_echoes
from marsad.intake.reports.page import split_message
from marsad.quality.findings import Broken, Rule
from marsad.quality.messages import LANGUAGES, load_messages, message_rule
from marsad.settings import PROJECT, Settings

CATALOG = load_catalog(Settings(Path("unused"), None, (PROJECT / "schemas" / "contracts",), ()))
POLICE = CATALOG.contract("police/victims")
TEXT = {"fr": "Faux. Écrivez 1.", "ar": "خطأ. اكتبوا 1.", "en": "Wrong. Write 1."}
JUSTIFIED = Rule("age.agrees", "warning", "row", "stated_age", TEXT, justify=True)
REASON = "If it is right, give the reason in “Justification”, or on the page of the file once it is sent."
RECEIPT = {
    "delivery_id": "d", "feed": "police/victims", "provider": "DGSN", "file_name": "<b>v</b>.csv", "sha256": "ab",
    "status": "accepted_with_findings", "period": "2025-01", "rows_read": 9, "rows_accepted": 7, "rows_quarantined": 2,
    "rows_unchanged": 0, "warnings": 0, "confirmed": 0,
}  # fmt: skip


def broken(rule: str, column: str | None, *rows: int, severity: str = "critical", scope: str = "row") -> Broken:
    return Broken(Rule(rule, severity, scope, column, TEXT), np.array(rows, np.int64))


def told(*findings: Broken) -> dict[str, list[int]]:
    return {one.rule.id: one.rows.tolist() for one in without_echoes(findings)}


def test_a_blank_cell_is_told_once():
    found = told(
        broken("birth_date.readable", "birth_date", 3, 4, severity="warning"),
        broken("minor.established", "birth_date", 3, 5, severity="info"),
        broken("means.adult", "means", 3),
    )
    assert found == {"birth_date.readable": [3, 4], "minor.established": [5], "means.adult": [3]}


def test_a_total_row_is_a_total_and_nothing_else():
    found = told(broken("row.total", None, 9), broken("offence.filled", "offence", 8, 9), broken("row.once", None, 9))
    assert found == {"row.total": [9], "offence.filled": [8]}


def test_what_is_about_the_file_stays():
    assert told(broken("volume", None, scope="delivery"), broken("row.total", None, 9)) == {
        "volume": [],
        "row.total": [9],
    }


def test_same_findings_are_joined_over_rows_the_file_first():
    whole = Broken(message_rule("delivery.refused_share"), params={"rows": 9, "refused": 7, "limit": 50})
    groups = describe(POLICE, [broken("offence.filled", "offence", 3, 7, 8, 9), whole])
    assert [(g["rule"], g["rows"], g["count"]) for g in groups] == [
        ("delivery.refused_share", [], 1),
        ("offence.filled", ["3", "7-9"], 4),
    ]
    assert groups[1]["column"] == {"fr": "Qualification", "ar": "التكييف القانوني", "en": "Offence qualification"}


def test_the_sender_s_own_title_and_place_are_named():
    titles = titles_of(POLICE, ["N° d'ordre victime", "x", "Infraction"])
    (group,) = describe(POLICE, [broken("offence.filled", "offence", 3)], titles)
    assert (group["title"], group["letter"]) == ("Infraction", "C")


@pytest.mark.parametrize(("place", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_are_lettered_as_in_a_spreadsheet(place, name):
    assert letters(place) == name


@pytest.mark.parametrize(
    ("finding", "action"),
    [
        (broken("offence.filled", "offence", 3), "fill"),
        (broken("offence.known", "offence", 3), "choose"),
        (broken("met_on.readable", "met_on", 3), "rewrite"),
        (broken("row.total", None, 3), "delete_row"),
        (broken("row.long", None, 3), "cut"),
        (broken("key.one_content", None, 3, scope="delivery"), "keep_one"),
        (broken("means.adult", "means", 3, severity="warning"), "check"),
        (broken("offence.as_agreed", "offence", 3, severity="info"), "none"),
        (Broken(message_rule("file.truncated_archive")), "send_again"),
    ],
)
def test_a_program_is_told_what_to_do(finding, action):
    (group,) = describe(POLICE, [finding])
    assert group["fix"]["action"] == action


def test_a_warning_with_its_reason_is_shown_apart_with_nothing_to_do():
    doubted = replace(broken("age.agrees", "stated_age", 3, severity="warning"), rule=JUSTIFIED)
    known = replace(doubted, rows=np.array([4, 5], np.int64), confirmed=True)
    groups = describe(POLICE, [known, doubted])
    assert [(g["severity"], g["rows"], g["fix"]["action"]) for g in groups] == [
        ("warning", ["3"], "check"), ("confirmed", ["4-5"], "none"),
    ]  # fmt: skip
    assert groups[0]["message"]["en"] == f"{TEXT['en']} {REASON}"
    assert groups[1]["message"] == TEXT
    html = page({**RECEIPT, "warnings": 1, "confirmed": 2}, POLICE, groups, "en")
    assert html.count(TEXT["en"].partition(" ")[2]) == 1
    assert re.search(r"<dt>Points confirmed</dt><dd>2</dd>", html)


def test_a_value_that_was_not_understood_is_not_one_to_confirm():
    lost = [broken(f"means.{kind}", "means", 3, severity="warning") for kind in ("known", "readable")]
    doubtful = [
        broken(f"means.{kind}", "means", row, severity="warning") for kind, row in (("adult", 4), ("filled", 6))
    ]
    groups = describe(POLICE, [*doubtful, *lost, broken("offence.known", "offence", 5)])
    assert [g["severity"] for g in groups] == ["critical", "lost", "lost", "warning", "warning"]
    told_of = {**RECEIPT, "rows_quarantined": 0, "warnings": 4}
    html = page(told_of, POLICE, groups[1:], "en")
    assert html.index("Not understood") < html.index("Please confirm")
    assert "values were not understood and are missing" in html
    assert "if they are right, there is nothing to send again" in page(told_of, POLICE, groups[3:], "en")


def test_missing_columns_come_with_their_titles():
    params = {"columns": "N° de la victime / رقم الضحية, Date d'envoi / تاريخ الإرسال"}
    (group,) = describe(POLICE, [Broken(message_rule("file.columns_missing"), params=params)])
    assert [title["fr"] for title in group["fix"]["titles"]] == ["N° de la victime", "Date d'envoi"]
    assert "obligatoires : N° de la victime, Date d'envoi." in group["message"]["fr"]
    assert "إلزامية: رقم الضحية, تاريخ الإرسال." in group["message"]["ar"]


def test_titles_not_recognised_are_named_by_letter():
    params = {"columns": "Date d'envoi / تاريخ الإرسال", "letters": "C, F"}
    (group,) = describe(POLICE, [Broken(message_rule("file.columns_unread"), params=params)])
    assert group["fix"] == {"action": "add_columns", "titles": [POLICE.column("sent_on").headers]}
    assert "ne sont pas reconnus : C, F." in group["message"]["fr"]


def test_the_feed_where_a_file_belongs_is_named_in_the_reader_s_language():
    params = {
        "feed": "a/b",
        "other": "Mis en cause / المشتبه فيهم / Suspects",
        "expected": "Date d'envoi / تاريخ الإرسال",
    }
    (group,) = describe(POLICE, [Broken(message_rule("file.other_feed"), params=params)])
    assert "« Mis en cause »" in group["message"]["fr"]
    assert "«المشتبه فيهم»" in group["message"]["ar"]
    assert "“Suspects”" in group["message"]["en"]
    assert "Date d'envoi / " not in group["message"]["fr"]


def test_what_a_column_takes_is_told_in_full():
    told_of = expected_columns(POLICE, CATALOG.codelists, {"sex", "met_on", "age_years"})
    assert told_of.keys() == {"sex", "met_on"}
    assert told_of["sex"]["allowed"]["ar"][:2] == ["أنثى", "ذكر"]
    assert (told_of["met_on"]["form"]["fr"], told_of["met_on"]["required"]) == ("jour/mois/année", True)


@pytest.mark.parametrize("feed", CATALOG.contracts)
def test_every_allowed_value_is_one_that_the_reader_knows(feed):
    columns = [column for column in CATALOG.contract(feed).columns if column.codelist]
    for name, about in expected_columns(CATALOG.contract(feed), CATALOG.codelists, {c.name for c in columns}).items():
        column = CATALOG.contract(feed).column(name)
        codes = CATALOG.codelists[column.codelist]
        totals = any(binding.entity == "figure" for binding in column.bindings)  # a person is no total
        for language in LANGUAGES:
            meant = [codes.spelling(text) for text in about["allowed"][language]]
            assert sorted(meant) == sorted(code for code in codes.codes if code != "total" or totals)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_complete_in_itself(language):
    findings = [broken("offence.filled", "offence", *range(2, 300, 2)), broken("a.b", None, 3, severity="warning")]
    html = page(RECEIPT, POLICE, describe(POLICE, findings), language)
    assert not re.search(r"https?://|<script|src=|@import|url\(", html)
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in html
    assert "<b>v</b>" not in html
    assert not re.search(r"{\w|offence\b", html.split("</style>")[1])
    assert html.index(load_wording()["severity.critical"][language]) < html.index(
        load_wording()["severity.warning"][language]
    )


def test_rows_of_a_refused_file_are_not_all_called_refused():
    refused = {**RECEIPT, "status": "refused", "rows_accepted": 0, "rows_quarantined": 9}
    html = page(refused, POLICE, [], "fr")
    assert "Lignes non enregistrées" in html
    assert "Lignes refusées" not in html


@pytest.mark.parametrize("id_", load_wording())
def test_words_are_there_in_every_language(id_):
    assert set(load_wording()[id_]) == set(LANGUAGES)


@pytest.mark.parametrize("wrong", ["Ce mineur contredit la colonne (art. 448-1).", "« N. PV » est vide."])
def test_an_abbreviation_ends_no_sentence(wrong):
    assert split_message(f"{wrong} Vérifiez-le, p. ex. au dossier.") == (wrong, "Vérifiez-le, p. ex. au dossier.")


@pytest.mark.parametrize("id_", load_messages())
def test_what_is_wrong_comes_before_what_to_do(id_):
    for text in load_messages()[id_].text.values():
        wrong, todo = split_message(text)
        assert wrong
        assert f"{wrong} {todo}".split() == text.split()
