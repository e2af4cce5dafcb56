"""The rules of the field: for each of them rows that break it and rows that must not, judged by Great Expectations."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from marsad.contracts.codelists import load_codelists
from marsad.contracts.load import load_contract
from marsad.intake.blocks import RawBlock, Shape
from marsad.intake.normalise import Normaliser
from marsad.quality.rows import RowJudge
from marsad.quality.suites import Suite, load_suite
from marsad.settings import PROJECT

Cells = Mapping[str, str]
CAME = date(2024, 12, 31)
CODELISTS = load_codelists(PROJECT / "schemas" / "codelists")

# A row of each feed that breaks nothing: an adult, dates in order, everything that depends on each other filled in.
SOUND: Mapping[str, Cells] = {
    "police/victims": {
        "victim_reference": "12/BPJ/2024/V1", "police_reference": "12/BPJ/2024", "offence": "TEH",
        "charge_articles": "448-2; 448-3", "birth_date": "03/04/1996", "stated_age": "28", "sex": "F",
        "citizenship": "Marocaine",
        "met_on": "10/05/2024", "means": "Tromperie", "exploitation_form": "Mendicité",
        "exploitation_started_on": "01/02/2024",
        "exploitation_ended_on": "09/05/2024", "status": "Présumée", "status_on": "10/05/2024",
        "deciding_body": "Police",
        "referred_to": "ONG", "referred_on": "11/05/2024", "consent": "Oui", "sent_on": "02/06/2024",
    },
    "police/suspects": {
        "suspect_reference": "12/BPJ/2024/S1", "police_reference": "12/BPJ/2024", "offence": "TEH",
        "charge_articles": "448-2",
        "person_type": "physique", "birth_date": "1980-07-01", "sex": "H", "contact_on": "12/05/2024",
        "custody_on": "12/05/2024",
        "referred_on": "14/05/2024", "sent_on": "02/06/2024",
    },
    "customs/detections": {
        "contact_reference": "TM-77", "border_post": "Tanger Med", "received_on": "10/05/2024",
        "birth_date": "03/04/1996",
        "persons": "4", "minors": "1", "indicators": "documents confisqués", "presumed_victim": "oui",
        "offence": "TEH",
        "referred_to": "Police judiciaire", "referred_on": "10/05/2024", "sent_on": "12/05/2024",
    },
    "justice/proceedings": {
        "proceeding_reference": "2024/2610/7/1", "court_reference": "2024/2610/7", "court": "CA Rabat",
        "instance": "1ère instance",
        "stage": "Jugé", "offence": "TEH", "charge_articles": "448-2", "birth_date": "1980-07-01",
        "received_on": "01/02/2024",
        "indicted_on": "10/02/2024", "heard_on": "01/06/2024", "decided_on": "01/06/2024", "decision": "Condamnation",
        "convicted_articles": "448-2", "sentence_months": "72", "suspended_months": "12", "appealed_on": "05/06/2024",
        "sent_on": "02/07/2024",
    },
    "justice/victims": {
        "victim_reference": "2024/2610/7/V1", "court_reference": "2024/2610/7", "court": "CA Rabat", "offence": "TEH",
        "charge_articles": "448-2", "birth_date": "03/04/1996", "means": "Tromperie", "received_on": "01/02/2024",
        "decided_on": "01/06/2024", "recognised": "oui", "status": "Confirmée", "deciding_body": "Tribunal",
        "civil_party": "oui",
        "compensation": "20000", "sent_on": "02/07/2024",
    },
    "ngo/assistance": {
        "victim_reference": "AM-0042", "family_name": "Exemple", "given_name": "Prénom", "birth_date": "03/04/1996",
        "met_on": "10/05/2024", "means": "Tromperie", "status": "Présumée", "deciding_body": "ONG", "consent": "Oui",
        "service1_kind": "Hébergement", "service1_started_on": "10/05/2024", "service1_ended_on": "30/05/2024",
        "service1_status": "Terminé", "service2_kind": "Soins", "service2_started_on": "12/05/2024",
        "service2_ended_on": "12/05/2024", "service2_status": "Fait", "service3_kind": "Avocat",
        "service3_started_on": "13/05/2024", "service3_ended_on": "20/05/2024", "service3_status": "En cours",
        "ended_on": "31/05/2024", "exit_reason": "Retour au pays", "voluntary_return": "oui",
        "return_country": "Côte d'Ivoire",
        "returned_on": "31/05/2024", "sent_on": "02/06/2024",
    },
    "ngo/shelter_stays": {
        "service_reference": "S-9", "victim_reference": "AM-0042", "shelter": "A", "stated_age": "28",
        "started_on": "10/05/2024",
        "ended_on": "30/05/2024", "exit_reason": "Transfert", "destination": "Hôpital", "sent_on": "02/06/2024",
    },
    "ngo/hotline_calls": {
        "contact_reference": "AP-12", "received_on": "10/05/2024", "kind": "Appel", "channel": "Téléphone",
        "persons": "3", "minors": "1", "presumed_victim": "oui", "outcome": "Orienté", "referred_to": "ONG",
        "referred_on": "11/05/2024", "sent_on": "02/06/2024",
    },
    "commission/activities": {
        "activity_reference": "ACT-1", "plan": "Plan national 2023-2030", "kind": "Formation", "due_on": "30/06/2024",
        "done_on": "10/05/2024", "status": "Réalisée", "evidence": "Rapport", "sent_on": "02/06/2024",
    },
}  # fmt: skip

# Feed, cells that differ from the sound row, rules of the field that these break.
CHILD = {"birth_date": "03/04/2012", "stated_age": "12"}
NO_AGE = {"birth_date": "", "stated_age": ""}
UNNAMED = {
    "family_name": "", "given_name": "", "birth_date": "1996",
    "service1_status": "", "service2_status": "", "service3_status": "",
}  # fmt: skip
CASES: tuple[tuple[str, Cells, set[str]], ...] = (
    ("police/victims", {}, set()),
    ("police/victims", {"means": ""}, {"means.adult"}),
    ("police/victims", {"means": "-"}, {"means.adult"}),
    ("police/victims", {"means": "", **CHILD, "consent": "Tuteur"}, set()),
    ("police/victims", {"means": "", **NO_AGE}, {"minor.established"}),
    ("police/victims", {"means": "", "offence": "Proxénétisme", "charge_articles": "498"}, set()),
    ("police/victims", {"means": "", "birth_date": "", "stated_age": "17", "consent": "Tuteur"}, set()),
    ("police/victims", {"means": "", "birth_date": "", "stated_age": "18"}, {"means.adult"}),
    ("police/victims", {"birth_date": "10/05/2006", "stated_age": "", "means": ""}, {"means.adult"}),  # 18 that day
    ("police/victims", {"birth_date": "11/05/2006", "stated_age": "", "means": "", "consent": "Tuteur"}, set()),
    ("police/victims", NO_AGE, {"minor.established"}),
    ("police/victims", CHILD, {"consent.guardian"}),
    ("police/victims", {"offence": "الهجرة السرية", "charge_articles": "02-03-52"}, {"offence.trafficking"}),
    (
        "police/victims",
        {"offence": "Immigration clandestine"},
        {"offence.trafficking", "charge_articles.of_other_offence"},
    ),
    ("police/victims", {"offence": "Traite et trafic de migrants"}, {"offence.one"}),
    ("police/victims", {"charge_articles": "498; 02-03-52"}, {"charge_articles.of_trafficking"}),
    ("police/victims", {"charge_articles": "498; 448-1"}, set()),
    ("police/victims", {"charge_articles": "loi 27-14"}, set()),
    ("police/victims", {"charge_articles": ""}, set()),
    ("police/victims", {"referred_on": "09/05/2024"}, {"referred_on.after_meeting"}),
    ("police/victims", {"referred_on": "10/05/2024"}, set()),
    ("police/victims", {"referred_on": ""}, {"referred_on.given"}),
    ("police/victims", {"referred_on": "", "referred_to": "Aucune"}, set()),
    ("police/victims", {"referred_on": "", "referred_to": ""}, set()),
    ("police/victims", {"status_on": "09/05/2024"}, {"status_on.after_meeting"}),
    (
        "police/victims",
        {"exploitation_started_on": "11/05/2024", "exploitation_ended_on": ""},
        {"met_on.after_exploitation"},
    ),
    ("police/victims", {"exploitation_ended_on": "31/01/2024"}, {"exploitation_ended_on.after_start"}),
    ("police/victims", {"sent_on": "09/05/2024"}, {"met_on.before_sending"}),
    ("police/victims", {"status": "Confirmée"}, {"status.by_whom"}),
    ("police/victims", {"status": "Confirmée", "deciding_body": "Tribunal"}, set()),
    ("police/suspects", {}, set()),
    ("police/suspects", {"birth_date": ""}, {"minor.established"}),
    ("police/suspects", {"offence": "Traite et trafic de migrants"}, {"offence.one"}),
    ("police/suspects", {"charge_articles": "52 loi 02-03"}, {"charge_articles.of_trafficking"}),
    ("police/suspects", {"offence": "هجرة سرية"}, {"charge_articles.of_other_offence"}),
    ("police/suspects", {"offence": "هجرة سرية", "charge_articles": "52 loi 02-03"}, set()),
    ("police/suspects", {"referred_on": "11/05/2024", "custody_on": ""}, {"referred_on.after_contact"}),
    ("police/suspects", {"custody_on": "15/05/2024"}, {"referred_on.after_custody"}),
    ("police/suspects", {"sent_on": "01/05/2024"}, {"contact_on.before_sending"}),
    ("police/suspects", {"person_type": "société"}, {"person_type.no_birth"}),
    ("customs/detections", {}, set()),
    ("customs/detections", {"birth_date": ""}, {"minor.established"}),
    ("customs/detections", {"birth_date": "", "presumed_victim": "non"}, set()),
    ("customs/detections", {"offence": "Trafic de migrants"}, {"offence.trafficking"}),
    ("customs/detections", {"offence": "Trafic de migrants", "presumed_victim": "non"}, set()),
    ("customs/detections", {"offence": "Traite et trafic de migrants"}, {"offence.one"}),
    ("customs/detections", {"minors": "5"}, {"minors.within_persons"}),
    ("customs/detections", {"minors": "٤"}, set()),
    ("customs/detections", {"referred_on": "09/05/2024"}, {"referred_on.after_detection"}),
    ("customs/detections", {"referred_on": ""}, {"referred_on.given"}),
    ("customs/detections", {"sent_on": "09/05/2024"}, {"received_on.before_sending"}),
    ("customs/detections", {"indicators": ""}, {"indicators.given"}),
    ("customs/detections", {"indicators": "", "presumed_victim": "non"}, set()),
    ("customs/detections", {"indicators": "aucun"}, {"indicators.some"}),
    ("customs/detections", CHILD, {"minor_accompaniment.given"}),
    ("customs/detections", {**CHILD, "minor_accompaniment": "Majeur"}, {"minor_accompaniment.of_minor"}),
    ("customs/detections", {**CHILD, "minor_accompaniment": "Parents"}, set()),
    (
        "customs/detections",
        {**CHILD, "minor_accompaniment": "MNA", "referred_to": "", "referred_on": ""},
        {"referred_to.for_child"},
    ),
    ("justice/proceedings", {}, set()),
    ("justice/proceedings", {"birth_date": ""}, {"minor.established"}),
    ("justice/proceedings", {"offence": "Traite et trafic de migrants"}, {"offence.one"}),
    ("justice/proceedings", {"charge_articles": "498"}, {"charge_articles.of_trafficking"}),
    ("justice/proceedings", {"offence": "Proxénétisme"}, {"charge_articles.of_other_offence"}),
    (
        "justice/proceedings",
        {"decided_on": "09/02/2024", "heard_on": "", "appealed_on": ""},
        {"decided_on.after_indictment"},
    ),
    ("justice/proceedings", {"heard_on": "09/02/2024"}, {"heard_on.after_indictment"}),
    ("justice/proceedings", {"received_on": "11/02/2024"}, {"indicted_on.after_registration"}),
    ("justice/proceedings", {"appealed_on": "31/05/2024"}, {"appealed_on.after_decision"}),
    ("justice/proceedings", {"sent_on": "09/02/2024"}, {"indicted_on.before_sending"}),
    ("justice/proceedings", {"decision": "البراءة"}, {"sentence.of_convicted"}),
    ("justice/proceedings", {"decision": "Acquitté", "sentence_months": "", "suspended_months": ""}, set()),
    ("justice/proceedings", {"decision": "Acquitté", "sentence_months": "0", "suspended_months": "0"}, set()),
    ("justice/proceedings", {"decision": "", "stage": "Audience"}, {"decision.of_sentence"}),
    ("justice/proceedings", {"sentence_months": "", "suspended_months": ""}, {"sentence.given"}),
    ("justice/proceedings", {"sentence_months": "", "suspended_months": "", "life_sentence": "oui"}, set()),
    ("justice/proceedings", {"suspended_months": "73"}, {"suspended_months.within_sentence"}),
    ("justice/proceedings", {"decision": "Requalification"}, {"requalified_to.given"}),
    (
        "justice/proceedings",
        {"decision": "Requalification", "requalified_to": "Trafic de migrants"},
        {"convicted_articles.requalified"},
    ),
    (
        "justice/proceedings",
        {"decision": "Requalification", "requalified_to": "Trafic de migrants", "convicted_articles": "02-03-52"},
        set(),
    ),
    ("justice/proceedings", {"stage": "Instruction"}, {"stage.of_decision"}),
    (
        "justice/proceedings",
        {"decision": "", "sentence_months": "", "suspended_months": ""},
        {"decision.of_stage"},
    ),
    ("justice/proceedings", {"decided_on": "", "appealed_on": ""}, {"decided_on.given"}),
    ("justice/proceedings", {"decision": "Confirmé"}, {"decision.of_first_instance"}),
    ("justice/proceedings", {"decision": "Confirmé", "instance": "Appel"}, set()),
    ("justice/proceedings", {"instance": "Appel", "court": "TPI Rabat"}, {"court.of_appeal"}),
    ("justice/proceedings", {"instance": "النقض"}, {"court.of_cassation"}),
    ("justice/proceedings", {"instance": "النقض", "court": "محكمة النقض"}, set()),
    ("justice/victims", {}, set()),
    ("justice/victims", {"birth_date": ""}, {"minor.established"}),
    ("justice/victims", {"means": ""}, {"means.adult"}),
    ("justice/victims", {"means": "", **CHILD}, set()),
    ("justice/victims", {"charge_articles": "498"}, {"charge_articles.of_trafficking"}),
    ("justice/victims", {"offence": "Proxénétisme"}, {"charge_articles.of_other_offence"}),
    (
        "justice/victims",
        {"offence": "Trafic de migrants", "charge_articles": ""},
        {"offence.trafficking"},
    ),
    ("justice/victims", {"offence": "Traite et trafic de migrants"}, {"offence.one"}),
    ("justice/victims", {"decided_on": "31/01/2024"}, {"decided_on.after_registration"}),
    ("justice/victims", {"sent_on": "31/01/2024"}, {"received_on.before_sending"}),
    ("justice/victims", {"recognised": "non", "status": "Non confirmée"}, {"civil_party.recognised"}),
    ("justice/victims", {"civil_party": "non"}, {"compensation.civil_party"}),
    ("justice/victims", {"civil_party": "non", "compensation": "0"}, set()),
    ("justice/victims", {"status": "Présumée"}, {"status.recognised"}),
    (
        "justice/victims",
        {"recognised": "لا", "civil_party": "non", "compensation": ""},
        {"status.not_recognised"},
    ),
    ("justice/victims", {"decided_on": ""}, {"decided_on.given"}),
    ("ngo/assistance", {}, set()),
    ("ngo/assistance", {"birth_date": ""}, {"minor.established"}),
    ("ngo/assistance", {"means": ""}, {"means.adult"}),
    ("ngo/assistance", {"consent": "Refus", **UNNAMED, "birth_date": "", "stated_age": "28"}, set()),
    (
        "ngo/assistance",
        {"consent": "Refus", **UNNAMED, "birth_date": "", "stated_age": "28", "family_name": "Exemple"},
        {"consent.family_name"},
    ),
    (
        "ngo/assistance",
        {"consent": "لا", **UNNAMED, "family_name_ar": "مثال", "given_name_ar": "مثال", "given_name": "Exemple"},
        {"consent.family_name_ar", "consent.given_name_ar", "consent.given_name", "consent.birth_date"},
    ),
    (
        "ngo/assistance",
        {"consent": "Retiré", **UNNAMED, "birth_date": "", "stated_age": "28", "phone": "0600000000"},
        {"consent.phone"},
    ),
    (
        "ngo/assistance",
        {
            "consent": "Non demandé",
            **UNNAMED,
            "birth_date": "",
            "stated_age": "28",
            "service1_status": "Fait",
            "service2_status": "En cours",
            "service3_status": "Terminé",
        },
        {"consent.service1", "consent.service2", "consent.service3"},
    ),
    *(
        ("ngo/assistance", {f"service{n}_ended_on": "09/05/2024"}, {f"service{n}_ended_on.after_start"})
        for n in (1, 2, 3)
    ),
    *(
        ("ngo/assistance", {f"service{n}_started_on": "09/05/2024"}, {f"service{n}_started_on.after_meeting"})
        for n in (1, 2, 3)
    ),
    *(("ngo/assistance", {f"service{n}_kind": ""}, {f"service{n}_kind.of_dates"}) for n in (1, 2, 3)),
    ("ngo/assistance", {"ended_on": "09/05/2024"}, {"ended_on.after_meeting"}),
    ("ngo/assistance", {"returned_on": "09/05/2024"}, {"returned_on.after_meeting"}),
    ("ngo/assistance", {"sent_on": "09/05/2024"}, {"met_on.before_sending"}),
    ("ngo/assistance", {"ended_on": ""}, {"ended_on.given"}),
    ("ngo/assistance", {"return_country": ""}, {"return_country.given"}),
    ("ngo/assistance", {"status": "Confirmée"}, {"status.by_whom"}),
    ("ngo/assistance", CHILD, {"consent.guardian"}),
    ("ngo/shelter_stays", {}, set()),
    ("ngo/shelter_stays", {"stated_age": ""}, {"minor.established"}),
    ("ngo/shelter_stays", {"ended_on": "09/05/2024"}, {"ended_on.after_entry"}),
    ("ngo/shelter_stays", {"ended_on": "10/05/2024"}, set()),
    ("ngo/shelter_stays", {"ended_on": "", "exit_reason": ""}, set()),
    ("ngo/shelter_stays", {"sent_on": "09/05/2024"}, {"started_on.before_sending"}),
    ("ngo/shelter_stays", {"exit_reason": "", "destination": ""}, {"exit_reason.given"}),
    ("ngo/shelter_stays", {"ended_on": ""}, {"ended_on.given"}),
    ("ngo/shelter_stays", {"destination": ""}, {"destination.of_transfer"}),
    ("ngo/hotline_calls", {}, set()),
    ("ngo/hotline_calls", {"minors": "4"}, {"minors.within_persons"}),
    ("ngo/hotline_calls", {"referred_on": "09/05/2024"}, {"referred_on.after_call"}),
    ("ngo/hotline_calls", {"sent_on": "09/05/2024"}, {"received_on.before_sending"}),
    ("ngo/hotline_calls", {"referred_to": ""}, {"referred_to.given"}),
    ("ngo/hotline_calls", {"referred_to": "", "outcome": "Sans suite"}, set()),
    ("commission/activities", {}, set()),
    ("commission/activities", {"sent_on": "09/05/2024"}, {"done_on.before_sending"}),
    ("commission/activities", {"done_on": ""}, {"done_on.given"}),
    ("commission/activities", {"evidence": ""}, {"evidence.given"}),
    ("commission/activities", {"status": "Prévue"}, {"status.of_done"}),
    ("commission/activities", {"done_on": "", "evidence": "", "status": "En cours"}, set()),
)


def suite_of(feed: str) -> Suite:
    return load_suite(PROJECT / "expectations" / f"{feed}.json")


def field_rules(feed: str) -> set[str]:
    return {entry["meta"]["rule"] for entry in suite_of(feed).entries if entry["meta"]["origin"] == "field"}


@cache
def findings(feed: str) -> list[set[str]]:
    """What Great Expectations says of the feed's cases: rules broken, a set a case."""
    return broken_by(feed, [cells for other, cells, _ in CASES if other == feed])


def broken_by(feed: str, cases: Sequence[Cells]) -> list[set[str]]:
    contract = load_contract(PROJECT / "schemas" / "contracts" / f"{feed}.yaml")
    header = [column.name for column in contract.columns]
    rows = [{**SOUND[feed], **cells} for cells in cases]
    assert all(set(row) <= set(header) for row in rows)
    cells = pa.table({f"c{n}": [row.get(name, "") for row in rows] for n, name in enumerate(header)})
    raw = RawBlock(None, cells, np.arange(len(rows), dtype=np.int64), np.full(len(rows), Shape.OK, np.uint8))
    broken: list[set[str]] = [set() for _ in rows]
    block = Normaliser(contract, CODELISTS, header, CAME).block(raw)
    for found in RowJudge(contract, suite_of(feed)).judge(block):
        for row in found.rows:
            broken[row].add(found.rule.id)
    return broken


@pytest.mark.parametrize("feed", SOUND)
def test_each_case_breaks_the_rules_it_should_and_no_other(feed: str) -> None:
    cases = [(cells, rules) for other, cells, rules in CASES if other == feed]
    rules = field_rules(feed)
    for (cells, expected), found in zip(cases, findings(feed), strict=True):
        assert found & rules == expected, cells


@pytest.mark.parametrize("feed", SOUND)
def test_a_sound_row_breaks_no_rule_at_all(feed: str) -> None:
    assert findings(feed)[0] == set()


@pytest.mark.parametrize("feed", [feed for feed, cells in SOUND.items() if "birth_date" in cells])
def test_a_birth_that_has_not_come_refuses_the_row_and_no_reason_is_asked(feed: str) -> None:
    (found,) = broken_by(feed, [{"birth_date": "12/05/2030"}])
    rule = suite_of(feed).rules["birth_date.not_in_future"]
    assert (rule.severity, rule.column) == ("critical", "birth_date")
    assert rule.id in found
    assert not {id_ for id_ in found if suite_of(feed).rules[id_].justify}


@pytest.mark.parametrize("feed", SOUND)
def test_every_rule_of_the_field_has_a_row_that_breaks_it(feed: str) -> None:
    assert set().union(*(rules for other, _, rules in CASES if other == feed)) == field_rules(feed)


@pytest.mark.parametrize("feed", SOUND)
def test_what_contradicts_itself_refuses_the_row_and_what_is_only_odd_does_not(feed: str) -> None:
    rules = suite_of(feed).rules
    refusing = {rule for rule in field_rules(feed) if rules[rule].severity == "critical"}
    assert refusing == {
        "police/victims": {"met_on.before_sending", "met_on.after_exploitation", "exploitation_ended_on.after_start"},
        "police/suspects": {"contact_on.before_sending"},
        "customs/detections": {"received_on.before_sending", "minors.within_persons", "referred_on.after_detection"},
        "justice/proceedings": {
            "indicted_on.before_sending", "decided_on.after_indictment",
            "appealed_on.after_decision", "sentence.of_convicted",
            "suspended_months.within_sentence",
        },
        "justice/victims": {"received_on.before_sending"},
        "ngo/assistance": {
            "met_on.before_sending",
            "service1_ended_on.after_start", "service2_ended_on.after_start", "service3_ended_on.after_start",
            "ended_on.after_meeting", "returned_on.after_meeting", "consent.family_name", "consent.given_name",
            "consent.family_name_ar", "consent.given_name_ar", "consent.birth_date", "consent.phone",
        },
        "ngo/shelter_stays": {"started_on.before_sending", "ended_on.after_entry"},
        "ngo/hotline_calls": {"received_on.before_sending", "referred_on.after_call", "minors.within_persons"},
        "commission/activities": {"done_on.before_sending"},
    }[feed]  # fmt: skip


@pytest.mark.parametrize("feed", SOUND)
def test_conditions_hold_codes_only(feed: str) -> None:
    """Great Expectations cannot parse accents in a row condition (its issue 11026)."""
    for entry in suite_of(feed).entries:
        assert json.dumps(entry["kwargs"], ensure_ascii=False).isascii(), entry["meta"]["rule"]
