"""What the shipped common model, code lists and contracts promise to those who read files by them."""

import csv
import json
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from marsad.contracts.codelists import CodeList, load_codelists
from marsad.contracts.load import load_contract
from marsad.contracts.model import REASONS, Contract
from marsad.contracts.text import fold
from marsad.quality.suites import load_suite
from marsad.settings import PROJECT
from marsad.warehouse.model import VAULTED, common_model

SCHEMAS = PROJECT / "schemas"
FEEDS = (
    "commission/activities",
    "customs/detections",
    "justice/proceedings",
    "justice/victims",
    "ngo/assistance",
    "ngo/hotline_calls",
    "ngo/shelter_stays",
    "police/suspects",
    "police/victims",
)
PUBLISHED = ("commission/glotip", "commission/published_figures")  # copied by the commission, sent by nobody
LISTS = sorted((SCHEMAS / "codelists").glob("*.csv"))
CODELISTS = load_codelists(SCHEMAS / "codelists")
LANGUAGES = ("fr", "ar", "en")
# Columns whose values name a person or tell her story, wherever they stand.
PERSONAL = {
    "family_name", "given_name", "family_name_ar", "given_name_ar", "alias", "father_name", "mother_name", "birth_date",
    "birth_place", "document_number", "phone", "address", "companion_name", "vehicle_plate", "narrative", "explanation",
    "caller_phone", "remarks",
}  # fmt: skip


def contract_path(feed: str) -> Path:
    return SCHEMAS / "contracts" / f"{feed}.yaml"


@pytest.fixture(scope="module", params=(*FEEDS, *PUBLISHED))
def contract(request: pytest.FixtureRequest) -> Contract:
    return load_contract(contract_path(request.param))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def is_arabic(text: str) -> bool:
    return any("\u0600" <= char <= "\u06ff" for char in text)


def meaning(scheme: str, text: str) -> str | None:
    return CODELISTS[scheme].spelling(text)


# --- the common model ------------------------------------------------------------------------------------------------


def test_the_eight_entities_stand_in_the_model() -> None:
    assert list(common_model()) == [
        "case", "victim", "suspect", "proceeding", "service", "contact", "activity", "figure",
    ]  # fmt: skip


def test_every_concept_says_what_it_is_in_three_languages_and_where_it_comes_from() -> None:
    for entity in common_model().values():
        for concept in entity.fields.values():
            assert set(concept.label) == set(LANGUAGES), concept.name
            assert is_arabic(concept.label["ar"]), concept.name
            assert concept.description, concept.name
            assert concept.source, concept.name


def test_concepts_name_existing_code_lists_and_every_list_is_needed() -> None:
    named = {concept.codelist for entity in common_model().values() for concept in entity.fields.values()} - {None}
    # Four lists fill no field: senders, the role that decides whether a row is a victim or a suspect, whether a row
    # states or withdraws its record, and why what a warning doubts is right.
    assert named | {"provider", "case_role", "operation", REASONS} == set(CODELISTS)


def test_only_codes_hold_several_values_and_a_code_has_a_list() -> None:
    for entity in common_model().values():
        for concept in entity.fields.values():
            assert (concept.type == "code") == (concept.codelist is not None), concept.name
            assert not concept.many or concept.type == "code", concept.name


def test_no_concept_that_names_a_person_may_reach_the_core() -> None:
    for entity in common_model().values():
        leaked = {name for name in PERSONAL & set(entity.fields) if entity.fields[name].privacy not in VAULTED}
        assert not leaked, entity.name


def test_entities_that_age_can_be_derived_for_have_all_three_fields() -> None:
    for name in ("victim", "suspect", "proceeding", "service", "contact"):
        fields = common_model()[name].fields
        assert fields["age"].type == "integer"
        assert (fields["age_band"].codelist, fields["minor"].codelist) == ("age_band", "minor")


def test_nothing_claims_to_conform_to_ic_tip() -> None:
    for path in (SCHEMAS / "concepts.yaml", *map(contract_path, (*FEEDS, *PUBLISHED))):
        text = path.read_text("utf-8")
        assert "IC-TIP conformant" not in text
        assert "IC-TIP aligned" in text


# --- code lists ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_every_code_has_three_labels_and_a_source(path: Path) -> None:
    for row in rows_of(path):
        assert all(row[f"label_{language}"].strip() for language in LANGUAGES), row["code"]
        assert is_arabic(row["label_ar"]), row["code"]
        assert row["source"].strip(), row["code"]


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_no_spelling_stands_for_two_codes(path: Path) -> None:
    owners: dict[str, set[str]] = {}
    for row in rows_of(path):
        texts = [row["code"], *(row[f"label_{language}"] for language in LANGUAGES), *row["spellings"].split("|")]
        for text in filter(None, map(fold, texts)):
            owners.setdefault(text, set()).add(row["code"])
    assert {text: codes for text, codes in owners.items() if len(codes) > 1} == {}


@pytest.mark.parametrize("codelist", CODELISTS.values(), ids=lambda codelist: codelist.scheme)
def test_parents_lead_upwards(codelist: CodeList) -> None:
    for code in codelist.codes.values():
        seen = {code.code}
        while code.parent:
            assert code.parent not in seen, "a circle"
            seen.add(code.parent)
            code = codelist.codes[code.parent]


@pytest.mark.parametrize(
    ("scheme", "text", "code"),
    [
        ("sex", "H", "M"),
        ("sex", "FEMME", "F"),
        ("sex", "أنثى", "F"),
        ("sex", "انثي", "F"),
        ("sex", "مرأة", "F"),
        ("sex", "Masc.", "M"),
        ("yes_no", "نعم", "yes"),
        ("country", "Marocaine", "MAR"),
        ("country", "مغربية", "MAR"),
        ("country", "Cote d'Ivoire", "CIV"),
        ("country", "Côte d’Ivoire", "CIV"),
        ("country", "nigérien", "NER"),
        ("country", "nigériane", "NGA"),
        ("country", "نيجيرية", "NGA"),
        ("country", "ma", "MAR"),
        ("exploitation_form", "MENDICITE", "begging"),
        ("exploitation_form", "الاستغلال الجنسي", "sexual"),
        ("charge_article", "Art. 448.1", "448-1"),
        ("charge_article", "الفصل ٤٤٨-١", "448-1"),
        ("charge_article", "448/4", "448-4"),
        ("charge_article", "art. 52 loi 02-03", "02-03-52"),
        ("border_post", "باب سبتة", "BAB_SEBTA"),
        ("border_post", "tanger med", "TANGER_MED"),
        ("court", "CA Fès", "CA_FES"),
        ("court", "محكمة الاستئناف بالرباط", "CA_RABAT"),
        ("province", "Fes", "MA-FES"),
        ("offence", "الهجرة السرية", "smuggling"),
        ("offence", "TEH", "tip"),
        ("consent", "لا", "refused"),
        ("age_band", "18 ans et plus", "18+"),
        ("provider", "الدرك الملكي", "GR"),
    ],
)
def test_spellings_of_agencies_are_understood(scheme: str, text: str, code: str) -> None:
    assert meaning(scheme, text) == code


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        ("country", "congolais"),  # of which Congo?
        ("country", "NR"),  # "non renseigné" to an agency, Nauru to ISO
        ("country", "NA"),
        ("court", "Rabat"),  # court of appeal or first-instance court?
        ("charge_article", "448"),
        ("charge_article", "448-1 à 448-14"),
        ("charge_article", "448-15"),
    ],
)
def test_what_could_mean_two_things_means_nothing(scheme: str, text: str) -> None:
    assert meaning(scheme, text) is None


def test_every_country_of_iso_3166_is_there() -> None:
    iso = [code for code in CODELISTS["country"].codes if code not in {"XKX", "XXA", "XXX"}]
    assert len(iso) == 249
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in iso)


def test_the_age_bands_of_ctdc_fill_those_of_glotip_without_gap_or_overlap() -> None:
    codes = CODELISTS["age_band"].codes
    spans = {
        parent: sorted(
            tuple(map(int, code.code.split("-")))
            for code in codes.values()
            if code.parent == parent and "-" in code.code
        )
        for parent in ("0-17", "18+")
    }
    assert spans["0-17"] == [(0, 8), (9, 17)]
    assert [*(low for low, _ in spans["18+"]), 48] == [18, *(high + 1 for _, high in spans["18+"])]
    assert codes["48+"].parent == "18+"


def test_the_law_against_trafficking_is_whole_and_apart_from_the_others() -> None:
    codes = CODELISTS["charge_article"].codes
    trafficking = {code for code, item in codes.items() if item.parent == "27-14"}
    assert trafficking == {f"448-{number}" for number in range(1, 15)}
    assert {"467-2", "497", "503", "02-03", "02-03-52"} <= set(codes) - trafficking


def test_morocco_has_twelve_regions_and_twenty_two_courts_of_appeal() -> None:
    assert len(CODELISTS["region"].codes) == 12
    assert sum(code.startswith("CA_") for code in CODELISTS["court"].codes) == 22
    assert all(code.parent for name, code in CODELISTS["court"].codes.items() if name.startswith("TPI_"))


def test_every_province_lies_in_a_region() -> None:
    regions = {row["source"].rpartition("in region ")[2] for row in rows_of(SCHEMAS / "codelists" / "province.csv")}
    assert regions == set(CODELISTS["region"].codes)


def test_every_provider_belongs_to_an_agency() -> None:
    codes = CODELISTS["provider"].codes
    agencies = {"police", "customs", "justice", "ngo", "commission", "partner"}
    assert {code.code for code in codes.values() if code.parent is None} == agencies
    assert codes["DGSN"].parent == codes["GR"].parent == "police"


# --- contracts -------------------------------------------------------------------------------------------------------


def test_the_contracts_of_the_first_feeds_are_there() -> None:
    found = {f"{path.parent.name}/{path.stem}" for path in (SCHEMAS / "contracts").glob("*/*.yaml")}
    assert {*FEEDS, *PUBLISHED} <= found


@pytest.mark.parametrize("feed", [*FEEDS, *PUBLISHED])
def test_contracts_validate_against_the_published_standard(feed: str) -> None:
    standard = json.loads((files("open_data_contract_standard") / "schema.json").read_text("utf-8"))
    document: Any = YAML(typ="safe", pure=True).load(contract_path(feed))
    jsonschema.validate(document, standard)


def test_every_column_is_classified_and_named_in_three_languages(contract: Contract) -> None:
    for column in contract.columns:
        assert column.privacy in {"identity", "free_text", "quasi", "public"}, column.name
        assert set(column.headers) == set(LANGUAGES), column.name
        assert is_arabic(column.headers["ar"]), column.name


def test_columns_that_name_a_person_go_to_the_vault(contract: Contract) -> None:
    assert {c.name for c in contract.columns if c.vaulted} == PERSONAL & {c.name for c in contract.columns}


def test_a_header_leads_to_one_column(contract: Contract) -> None:
    owners: dict[str, set[str]] = {}
    for column in contract.columns:
        for text in {fold(t) for t in (column.name, *column.headers.values(), *column.aliases)}:
            owners.setdefault(text, set()).add(column.name)
    assert {text: names for text, names in owners.items() if len(names) > 1} == {}


def test_bindings_lead_to_concepts_of_the_same_code_list(contract: Contract) -> None:
    model = common_model()
    for column in contract.columns:
        for binding in column.bindings:
            concept = model[binding.entity].fields[binding.field]
            assert concept.codelist == column.codelist, column.name
            assert concept.vaulted == column.vaulted, column.name


@pytest.mark.parametrize("feed", FEEDS)
def test_records_can_be_told_apart_dated_and_replaced(feed: str) -> None:
    contract = load_contract(contract_path(feed))
    assert [column.vaulted for column in contract.key] == [False]
    assert contract.column(contract.revision.value).required
    assert contract.column(contract.period.value).required
    assert contract.cadence != "irregular"


def test_one_feed_is_a_snapshot_of_a_period() -> None:
    modes = Counter(load_contract(contract_path(feed)).mode for feed in FEEDS)
    assert modes == {"increment": 8, "snapshot": 1}
    assert load_contract(contract_path("ngo/shelter_stays")).mode == "snapshot"


@pytest.mark.parametrize(
    ("feed", "entities"),
    [
        ("police/victims", {"case", "victim"}),
        ("police/suspects", {"case", "suspect"}),
        ("customs/detections", {"contact", "victim"}),
        ("justice/proceedings", {"proceeding"}),
        ("justice/victims", {"victim", "proceeding"}),
        ("ngo/assistance", {"victim", "service"}),
        ("ngo/shelter_stays", {"service"}),
        ("ngo/hotline_calls", {"contact"}),
        ("commission/activities", {"activity"}),
    ],
)
def test_feeds_fill_the_entities_of_the_design(feed: str, entities: set[str]) -> None:
    contract = load_contract(contract_path(feed))
    assert {binding.entity for column in contract.columns for binding in column.bindings} == entities


def test_a_detection_is_a_victim_only_if_one_is_presumed() -> None:
    condition = load_contract(contract_path("customs/detections")).conditions["victim"]
    assert (condition.column, condition.values) == ("presumed_victim", frozenset({"yes"}))


def test_the_three_services_of_a_beneficiary_become_records_of_their_own() -> None:
    columns = load_contract(contract_path("ngo/assistance")).columns
    items = Counter(b.item for c in columns for b in c.bindings if b.entity == "service" and b.field == "kind")
    assert items == {1: 1, 2: 1, 3: 1}


def test_cases_of_police_border_and_courts_meet_by_the_police_report() -> None:
    for feed in ("police/victims", "police/suspects", "customs/detections", "justice/proceedings", "ngo/assistance"):
        column = load_contract(contract_path(feed)).column("police_reference")
        assert column.type == "identifier", feed
        assert {binding.field for binding in column.bindings} >= {"police_reference"}, feed


def test_articles_that_do_not_exist_and_offences_left_out_refuse_the_row() -> None:
    for feed in ("police/victims", "police/suspects", "justice/proceedings", "justice/victims"):
        contract = load_contract(contract_path(feed))
        rules = load_suite(PROJECT / "expectations" / f"{feed}.json").rules
        assert contract.column("charge_articles").codelist == "charge_article"
        assert rules["charge_articles.known"].severity == "critical", feed
        assert rules["offence.filled"].severity == "critical", feed


@pytest.mark.parametrize("feed", FEEDS)
def test_the_guide_for_senders_calls_a_feed_as_the_pages_do(feed: str) -> None:
    guide = (PROJECT / "docs" / "agencies.md").read_text("utf-8")
    titles = load_contract(SCHEMAS / "contracts" / f"{feed}.yaml", CODELISTS).title
    assert [title for title in titles.values() if f"\n| {title} `{feed}` |" not in guide] == []
