import csv
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft201909Validator
from tests.contracts.small_feed import CODELISTS, MODEL, SOUND, codelist, write

from marsad.contracts.catalog import load_catalog
from marsad.contracts.codelists import COLUMNS, load_codelists
from marsad.contracts.compare import Change, compare
from marsad.contracts.document import Document, read_document
from marsad.contracts.load import load_contract, load_contracts
from marsad.contracts.model import AgeSource, Binding, Condition, Source, Total
from marsad.contracts.odcs import published_schema
from marsad.contracts.patterns import pattern_fault, pattern_fields
from marsad.errors import UsageFault
from marsad.settings import PROJECT, Settings


def load(folder: Path, text: str = SOUND, codelists=CODELISTS):
    return load_contract(write(folder, text), codelists, MODEL)


def list_file(folder: Path, *rows: str, scheme: str = "sex") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{scheme}.csv"
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    return path


def test_a_contract_says_how_its_feed_is_read(tmp_path):
    contract = load(tmp_path)
    assert (contract.feed, contract.agency, contract.version) == ("police/victims", "police", "1.0.0")
    assert contract.title == {"fr": "Victimes", "ar": "ضحايا", "en": "Victims"}
    assert (contract.mode, contract.cadence, contract.refuse_above) == ("increment", "monthly", 0.5)
    assert contract.period == Source("column", "met_on", "month")
    assert contract.revision == Source("column", "sent_on")
    assert contract.age == AgeSource("victim", "birth_date", None, "met_on")
    assert contract.conditions == {"victim": Condition("role", frozenset({"victim"}))}
    assert contract.constants == {Binding("service", "funder"): "ONU"}
    assert contract.totals == (Total("people", ("role",), "Total", ("sex",)),)
    assert [column.name for column in contract.key] == ["record_no"]


def test_a_column_says_how_its_cells_are_read(tmp_path):
    contract = load(tmp_path)
    birth = contract.column("birth_date")
    assert (birth.type, birth.privacy, birth.formats) == ("date", "identity", ("dd/MM/yyyy", "yyyy"))
    assert (birth.aliases, birth.blanks, birth.minimum) == (("DDN", "né(e) le"), ("-",), "1900-01-01")
    assert birth.bindings == (Binding("victim", "birth_date"),)
    sex = contract.column("sex")
    assert (sex.type, sex.codelist, sex.severities) == ("code", "sex", {"unmapped": "critical"})
    assert sex.bindings == (Binding("victim", "sex"), Binding("service", "sex", 2))
    assert contract.column("record_no").type == "identifier"
    assert (contract.column("people").minimum, contract.column("people").maximum) == (0, 10)


def test_what_is_not_said_is_the_careful_choice(tmp_path):
    contract = load(tmp_path)
    remarks = contract.column("remarks")
    assert remarks.privacy is None
    assert remarks.vaulted
    assert remarks.headers == {"en": "remarks"}
    assert "المجموع" in contract.total_words
    assert "csv" in contract.formats
    without = SOUND.replace("      version: {column: sent_on}\n", "").replace(
        "      period: {column: met_on, grain: month}\n", ""
    )
    assert (load(tmp_path, without).period.kind, load(tmp_path, without).revision.kind) == ("received", "received")


def test_no_total_rows_can_be_said(tmp_path):
    assert load(tmp_path, SOUND.replace("mode: increment", "total_words: []")).total_words == ()


def test_a_wrong_contract_is_refused_with_every_line_that_is_wrong(tmp_path):
    text = SOUND.replace("required: true", "requierd: true").replace("grain: month", "grain: mnth")
    with pytest.raises(UsageFault) as caught:
        load(tmp_path, text)
    assert str(caught.value).splitlines() == [
        "police/victims.yaml:13:39: unknown value 'mnth' — did you mean 'month'?",
        "police/victims.yaml:25:9: unknown key 'requierd' — did you mean 'required'?",
    ]


def test_the_fingerprint_follows_content_and_code_lists_only(tmp_path):
    first = load(tmp_path).fingerprint
    assert load(tmp_path / "elsewhere").fingerprint == first
    assert load(tmp_path, "# a comment\n" + SOUND).fingerprint == first
    assert load(tmp_path, SOUND.replace("maximum: 10", "maximum: 11")).fingerprint != first
    used = {**CODELISTS, "sex": codelist("sex", F="femme|امرأة|fille", M="homme|رجل")}
    unused = {**CODELISTS, "other": codelist("other", a="b")}
    assert load(tmp_path, codelists=used).fingerprint != first
    assert load(tmp_path, codelists=unused).fingerprint == first


def test_contracts_are_found_by_feed_in_all_folders(tmp_path):
    write(tmp_path / "a")
    other = SOUND.replace("name: police/victims", "name: ngo/assistance").replace("[DGSN, GR]", "[]")
    write(tmp_path / "b", other, "ngo/assistance")
    assert set(load_contracts([tmp_path / "a", tmp_path / "b"], CODELISTS, MODEL)) == {
        "police/victims",
        "ngo/assistance",
    }


def test_one_feed_in_two_folders_is_refused_naming_both_files(tmp_path):
    paths = [write(tmp_path / "a"), write(tmp_path / "b")]
    with pytest.raises(UsageFault) as caught:
        load_contracts([tmp_path / "a", tmp_path / "b"], CODELISTS, MODEL)
    assert all(str(path) in str(caught.value) for path in paths)


def test_the_catalog_of_the_project_is_sound():
    catalog = load_catalog(Settings.from_env({}))
    files = {f"{path.parent.name}/{path.stem}" for path in (PROJECT / "schemas" / "contracts").glob("*/*.yaml")}
    assert set(catalog.contracts) == files
    with pytest.raises(UsageFault, match="did you mean 'police/victims'"):
        catalog.contract("police/victim")


def test_the_projects_contracts_follow_the_published_standard_to_the_letter():
    validator = Draft201909Validator(published_schema())
    for path in (PROJECT / "schemas" / "contracts").glob("*/*.yaml"):
        document = read_document(path)
        assert isinstance(document, Document)
        assert [error.message for error in validator.iter_errors(document.data)] == []


def test_the_catalog_takes_further_folders(tmp_path):
    (tmp_path / "partner").mkdir()
    text = (PROJECT / "schemas/contracts/police/victims.yaml").read_text(encoding="utf-8")
    (tmp_path / "partner" / "victims.yaml").write_text(
        text.replace("police/victims", "partner/victims"), encoding="utf-8"
    )
    catalog = load_catalog(Settings.from_env({"MARSAD_CONTRACTS": str(tmp_path)}))
    assert catalog.contract("partner/victims").path == tmp_path / "partner" / "victims.yaml"


def test_a_code_list_knows_codes_labels_and_spellings(tmp_path):
    list_file(
        tmp_path,
        "sex,1.0,F,,Féminin,أنثى,Female,femme|امرأة,2024-01-31,UNODC",
        'sex,1.0,M,,Masculin,ذكر,Male,"homme, adulte",,UNODC',
    )
    sex = load_codelists(tmp_path)["sex"]
    assert [sex.spelling(text) for text in ("f", "FEMININ", " Femme. ", "انثي", "Homme adulte", "ذَكَر", "garçon")] == [
        "F", "F", "F", "F", "M", "M", None,
    ]  # fmt: skip
    assert sex.codes["F"].valid_from == date(2024, 1, 31)
    assert sex.codes["F"].labels == {"fr": "Féminin", "ar": "أنثى", "en": "Female"}


def test_a_label_shared_by_two_codes_means_neither_unless_one_spells_it(tmp_path):
    rows = ["region,1,RBK,,Rabat,,,,,HCP", "region,1,421,RBK,Rabat,,,,,HCP"]
    list_file(tmp_path, *rows, scheme="region")
    assert load_codelists(tmp_path)["region"].spelling("rabat") is None
    list_file(tmp_path, rows[0], "region,1,421,RBK,Rabat,,,rabat,,HCP", scheme="region")
    assert load_codelists(tmp_path)["region"].spelling("Rabat") == "421"


@pytest.mark.parametrize("code", ["F", "01", "448-1", "MA-KES", "CASE_2", "1.2", "18+", "nullity"])
def test_codes_of_letters_digits_and_four_signs_are_fine(tmp_path, code):
    list_file(tmp_path, f"sex,1,{code},,,,,,,")
    assert list(load_codelists(tmp_path)["sex"].codes) == [code]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["sex,1,F,,,,,femme,,", "sex,1,M,,,,,FEMME,,"], "keep each spelling at one code: 'femme' stands for F and M"),
        (["sex,1,F,,,,,m,,", "sex,1,M,,,,,,,"], "'m' stands for F and M"),
        (["sex,1,F,,,,,,,", "sex,1,F,,,,,,,"], "sex.csv:3: code 'F' is blank or given twice"),
        *(
            ([f'sex,1,"{code}",,,,,,,'], "must be of letters a-z and digits")
            for code in ("a b", "a,b", "a;b", "a|b", "{a}", "a:b", "-a", "é", "ش", "NULL", "null", "a\n", "''", "a\\")
        ),
        (["sex,1,F,X,,,,,,"], "parent 'X' of code 'F' is no code of this list"),
        (["sexe,1,F,,,,,,,"], "sex.csv:2: scheme and version must be 'sex' and '1' in every row"),
        (["sex,1,F,,,,,,31/01/2024,"], "sex.csv:2: valid_from must be a date like 2024-01-31, or blank"),
        (["sex,1,F,,,,"], "sex.csv:2: a row has 10 cells"),
        ([], "sex.csv:1: the list has no codes"),
    ],
)  # fmt: skip
def test_a_wrong_code_list_is_refused_with_file_and_line(tmp_path, rows, message):
    list_file(tmp_path, *rows)
    with pytest.raises(UsageFault) as caught:
        load_codelists(tmp_path)
    assert message in str(caught.value)


def test_all_wrong_code_lists_are_told_at_once(tmp_path):
    list_file(tmp_path, scheme="a")
    list_file(tmp_path, scheme="b")
    with pytest.raises(UsageFault, match=r"(?s)a\.csv:1.*b\.csv:1"):
        load_codelists(tmp_path)


def test_the_projects_code_lists_know_all_they_say():
    folder = PROJECT / "schemas" / "codelists"
    lists = load_codelists(folder)
    for path in sorted(folder.glob("*.csv")):
        known = lists[path.stem]
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                for text in (row["code"], *filter(None, row["spellings"].split("|"))):
                    assert known.spelling(text) == row["code"], (path.name, row["code"])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("maximum: 10}", "maximum: 20}", [Change("column 'people': maximum was 10, is 20", False)]),
        ("maximum: 10}", "maximum: 5}", [Change("column 'people': maximum was 10, is 5", True)]),
        ("logicalType: integer", "logicalType: number", [Change("column 'people': type was integer, is number", True)]),
        ("[DDN, né(e) le]", "[DDN, né(e) le, Né]", [Change("column 'birth_date': found by more headers", False)]),
        ("[DDN, né(e) le]", "[DDN]", [Change("column 'birth_date': no longer found by header ne e le", True)]),
        ("[dd/MM/yyyy, yyyy]", "[dd/MM/yyyy, yyyy, yyyyMMdd]", [
            Change("column 'birth_date': formats was dd/MM/yyyy, yyyy, is dd/MM/yyyy, yyyy, yyyyMMdd", False)]),
        ("      - name: remarks\n        logicalType: string\n", "", [Change("column 'remarks' is gone", True)]),
        ("      - name: remarks\n", "      - {name: place, logicalType: string}\n      - name: remarks\n", [
            Change("column 'place' is new", False)]),
        ("      - name: remarks\n", "      - {name: x, logicalType: date, required: true}\n      - name: remarks\n", [
            Change("column 'x' is new, and required", True)]),
        ('[victim.sex, "service#2.sex"]', "victim.sex", [
            Change("column 'sex': bindings was victim.sex, service#2.sex, is victim.sex", True)]),
        ("[DGSN, GR]", "[DGSN]", [Change("providers changed", True)]),
        ("[DGSN, GR]", "[]", [Change("providers changed", False)]),
        ("mode: increment", "mode: snapshot", [Change("mode changed", True)]),
        ("version: 1.0.0", "version: 1.0.1", []),
    ],
)  # fmt: skip
def test_what_changed_between_two_contracts_is_told_with_its_weight(tmp_path, old, new, expected):
    assert SOUND.count(old) >= 1
    assert list(compare(load(tmp_path), load(tmp_path, SOUND.replace(old, new, 1)))) == expected


@pytest.mark.parametrize(
    ("pattern", "fields"),
    [
        ("dd/MM/yyyy", ("dd", "/", "MM", "/", "yyyy")),
        ("d MMMM yyyy", ("d", " ", "MMMM", " ", "yyyy")),
        ("yyyyMMdd", ("yyyy", "MM", "dd")),
        ("yyyy-MM-dd'T'HH:mm:ss", ("yyyy", "-", "MM", "-", "dd", "'T'", "HH", ":", "mm", ":", "ss")),
        ("yyyy", ("yyyy",)),
    ],
)
def test_a_date_pattern_is_its_fields_and_texts(pattern, fields):
    assert pattern_fields(pattern) == fields
    assert pattern_fault(pattern) is None


@pytest.mark.parametrize(
    "pattern", ["", "DD/MM/YYYY", "jj/mm/aaaa", "dd/MM", "dd/yyyy", "dd/dd/yyyy", "yyyyy", "MM 'yyyy'", "'dd"]
)
def test_a_pattern_that_would_need_a_guess_is_a_fault(pattern):
    assert pattern_fault(pattern)
