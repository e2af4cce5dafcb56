"""The pages of stewards, over a real warehouse: the board of what came, and one delivery's findings."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from tests.integration.portal_site import Browser, cells, signed_in
from tests.integration.station import VISITS_OR_NOT, Clock, Station, csv, visit, visits, withdrawn_visit

from marsad.errors import PlatformFault
from marsad.intake import pipeline, quiet
from marsad.portal.accounts import Right
from marsad.portal.site import Site

FEED = "lab/visits"
CANARY = "Zzkanari"
UNREADABLE = "Colonne;Autre\r\n1;2\r\n"


def send(station: Station, day: str, content: str, sender: str) -> str:
    """A file that came on ``day``; returns the number of its delivery."""
    office = replace(station.office, clock=Clock(datetime.fromisoformat(f"{day}T12:00:00+00:00")))
    return str(pipeline.ingest(office, station.file(content), FEED, sender)["delivery_id"])


def month(number: str, met: str, **changed: object) -> list[object]:
    return visit(number, sent=f"16/{met}", Rencontre=f"15/{met}", Nom=CANARY, **changed)


def test_the_board_tells_what_came_and_what_did_not(
    station: Station, site: Site, steward: Browser, sender: str
) -> None:
    wrong = {"Naissance": "31/02/1990"}
    send(station, "2029-09-03", visits(month("B0", "08/2029")), sender)
    rows = [month(f"B{n}", "09/2029", **(wrong if n == 1 else {})) for n in range(1, 5)]
    first = send(station, "2029-10-05", visits(*rows), sender)
    with station.office.engine.begin() as connection:
        quiet.declare(connection, FEED, sender, "2029-10", "test", datetime(2029, 11, 1, tzinfo=UTC))
    page = steward.see("/board")  # 15 January 2030; ten days of grace
    assert cells(page, sender)[-6:] == [
        "✓ reçu", "✓ reçu 25 % non enregistrées", "∅ rien à signaler", "! en retard de 36 jours",
        "! en retard de 5 jours", "… en cours",
    ]  # fmt: skip
    assert f"/findings/{first}" in page


def test_a_refused_file_stands_on_the_board_until_another_comes(
    station: Station, steward: Browser, sender: str
) -> None:
    send(station, "2029-12-03", visits(month("R1", "11/2029")), sender)
    refused = send(station, "2030-01-04", UNREADABLE, sender)
    page = steward.see("/board")
    assert cells(page, sender)[-2].startswith("✕ refusé")
    assert cells(page, sender)[-1] == "… en cours"
    assert f"/findings/{refused}" in page
    send(station, "2030-01-06", visits(month("R2", "12/2029")), sender)
    page = steward.see("/board")
    assert cells(page, sender)[-2] == "✓ reçu"
    waiting = page.partition('id="refused"')[2].partition("</section>")[0]
    assert f"/findings/{refused}" not in waiting


def test_findings_tell_places_and_messages_and_no_value(station: Station, steward: Browser, sender: str) -> None:
    content = visits(month("Zzcle", "12/2029"), month("F2", "12/2029", Naissance="Zzdate"))
    delivery = send(station, "2030-01-05", content, sender)
    page = steward.see(f"/findings/{delivery}")
    assert "Naissance" in page
    assert '<bdi class="run">3</bdi>' in page
    assert "Signature vérifiée" in page
    for value in (CANARY, "Zzdate", "Zzcle", "récit"):
        assert value not in page
    seen = station.rows("SELECT 1 FROM audit.event WHERE action = 'delivery.viewed' AND object = :o AND actor = :a",
                        o=f"delivery:{delivery}", a=actor(steward))  # fmt: skip
    assert len(seen) == 1
    assert steward.get("/findings/018f0000-0000-7000-8000-000000000000").status_code == 404


def actor(browser: Browser) -> str:
    return f"account:{browser.account_id}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("role", ["submitter", "analyst", "auditor"])
def test_only_stewards_reach_these_pages(station: Station, site: Site, sender: str, role: str) -> None:
    delivery = send(station, "2030-01-05", visits(month("N1", "12/2029")), sender)
    right = Right(role, sender if role == "submitter" else "")
    browser = signed_in(site, sender, right)
    assert 'href="/board"' not in browser.see("/")
    for path in ("/board", "/spellings", f"/findings/{delivery}"):
        assert browser.get(path).status_code == 403, path


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_pages_speak_every_language(station: Station, steward: Browser, sender: str, language: str) -> None:
    delivery = send(station, "2030-01-05", visits(month("L1", "12/2029", Naissance="31/02/1990")), sender)
    steward.cookies.set("marsad_language", language)
    for path in ("/board", "/spellings", f"/findings/{delivery}"):
        answer = steward.get(path)
        assert answer.status_code == 200
        assert f'<html lang="{language}"' in answer.text


def test_spellings_are_counted_and_not_shown(station: Station, steward: Browser, sender: str) -> None:
    rows = [month(f"U{n}", "12/2029", Sexe="Zzsexe") for n in range(3)]
    delivery = send(station, "2030-01-05", visits(*rows, month("U9", "12/2029")), sender)
    page = steward.see("/spellings")
    found = [row for row in re.findall(r"<tr>.*?</tr>", page, re.S) if f"<bdi>{sender}</bdi>" in row]
    assert len(found) == 1
    words = " ".join(re.sub(r"<[^>]*>", " ", found[0]).split())
    assert words == f"Sexe Visites {sender} 3 1 {delivery}"
    assert "marsad report" in page
    assert "Zzsexe" not in page


def test_the_pages_may_not_read_what_waits_sealed(site: Site) -> None:
    for query in ("SELECT params FROM quarantine.finding", "SELECT sealed FROM quarantine.record"):
        with pytest.raises(PlatformFault, match="42501"), site.transaction() as connection:
            connection.execute(sa.text(query))


def test_a_refused_file_is_given_back_with_a_note_that_its_sender_reads(
    station: Station, site: Site, steward: Browser, sender: str
) -> None:
    delivery = send(station, "2030-01-05", UNREADABLE, sender)
    submitter = signed_in(site, sender)
    assert "Rendu avec une note" not in submitter.see(f"/deliveries/{delivery}")
    steward.see(f"/findings/{delivery}")
    answer = steward.submit(f"/findings/{delivery}/return", {"note": "Titres en\r\nligne 2 <b>svp</b>"})
    assert answer.headers["location"] == f"/findings/{delivery}"
    for page in (steward.see(f"/findings/{delivery}"), submitter.see(f"/deliveries/{delivery}")):
        assert "Titres en ligne 2 &lt;b&gt;svp&lt;/b&gt;" in page
    audited = station.rows("SELECT actor, detail FROM audit.event WHERE action = 'delivery.returned' AND object = :o",
                           o=f"delivery:{delivery}")  # fmt: skip
    assert audited == [{"actor": actor(steward), "detail": {}}]
    assert submitter.submit(f"/findings/{delivery}/return", {"note": "x"}).status_code == 403


@pytest.mark.parametrize("note", ["", "  \n ", "x" * 501, "a\u200bb"])
def test_a_note_without_words_or_end_is_not_kept(station: Station, steward: Browser, sender: str, note: str) -> None:
    delivery = send(station, "2030-01-05", UNREADABLE, sender)
    steward.see(f"/findings/{delivery}")
    answer = steward.submit(f"/findings/{delivery}/return", {"note": note})
    assert answer.status_code == 422
    assert "Écrivez une note" in answer.text
    assert station.rows("SELECT 1 FROM portal.returned WHERE delivery_id = :id", id=delivery) == []


def test_only_a_refused_file_is_given_back(station: Station, steward: Browser, sender: str) -> None:
    delivery = send(station, "2030-01-05", visits(month("G1", "12/2029")), sender)
    assert "/return" not in steward.see(f"/findings/{delivery}")
    assert steward.submit(f"/findings/{delivery}/return", {"note": "x"}).status_code == 422
    assert station.rows("SELECT 1 FROM portal.returned WHERE delivery_id = :id", id=delivery) == []


def test_a_file_refused_as_a_whole_is_admitted_and_its_sender_reads_why(
    station: Station, site: Site, steward: Browser, sender: str
) -> None:
    rows = [month("A1", "12/2029"), *(month(f"A{n}", "12/2029", Naissance="31/02/1990") for n in (2, 3))]
    delivery = send(station, "2030-01-05", visits(*rows), sender)
    form = {"reason": "known_change", "note": "Nouveau formulaire <b>"}
    for wrong in ({"reason": "", "note": "x"}, {"reason": "so", "note": "x"}, {"reason": "confirmed", "note": " "}):
        steward.see(f"/findings/{delivery}")
        assert steward.submit(f"/findings/{delivery}/admit", wrong).status_code == 422
    for _ in range(2):  # the second click changes nothing
        assert steward.submit(f"/findings/{delivery}/admit", form).headers["location"] == f"/findings/{delivery}"
    page = steward.see(f"/findings/{delivery}")
    assert "dans les dix minutes" in page
    assert f"/findings/{delivery}/admit" not in page
    submitter = signed_in(site, sender)
    assert "admis, en cours d&#39;enregistrement" in submitter.see("/deliveries")
    waits = submitter.see(f"/deliveries/{delivery}")
    assert "dans les dix minutes" in waits
    assert not any(words in waits for words in ("renvoyez-le", "Envoyer le fichier corrigé"))
    pipeline.drain(station.office.settings, FEED)
    assert submitter.submit(f"/findings/{delivery}/admit", form).status_code == 403
    told = submitter.see(f"/deliveries/{delivery}")
    became = re.search(r'href="/deliveries/([\w-]+)">Voir le nouveau', told)[1]  # type: ignore[index]
    for page in (told, submitter.see(f"/deliveries/{became}")):
        assert "Changement connu chez l" in page
        assert "Nouveau formulaire &lt;b&gt;" in page
    assert "Admis malgré le refus" in submitter.see(f"/deliveries/{became}/receipt")
    assert "accepté, à revoir" in submitter.see("/deliveries")
    audited = station.rows("SELECT actor, detail FROM audit.event WHERE action = 'delivery.admitted' AND object = :o",
                           o=delivery)  # fmt: skip
    assert audited == [{"actor": actor(steward), "detail": {"reason": "known_change"}}]


def test_a_file_that_could_not_be_read_cannot_be_admitted(station: Station, steward: Browser, sender: str) -> None:
    delivery = send(station, "2030-01-05", UNREADABLE, sender)
    page = steward.see(f"/findings/{delivery}")
    assert "ne peut pas être admis" in page
    assert f"/findings/{delivery}/admit" not in page
    assert steward.submit(f"/findings/{delivery}/admit", {"reason": "confirmed", "note": "x"}).status_code == 422
    assert station.rows("SELECT 1 FROM ops.admission WHERE delivery_id::text = :id", id=delivery) == []


def test_a_steward_that_sends_too_is_led_from_the_files_of_others_to_the_stewards_page(
    station: Station, site: Site, sender: str
) -> None:
    both = signed_in(site, sender, Right("submitter", sender), Right("steward"))
    own, other = (station.send(FEED, visits(visit("S1")), who)["delivery_id"] for who in (sender, station.sender()))
    assert both.get(f"/deliveries/{own}").status_code == 200
    assert both.get(f"/deliveries/{other}").headers["location"] == f"/findings/{other}"
    assert both.get(f"/deliveries/{other}/receipt").status_code == 404


def test_withdrawn_records_show_in_the_history(station: Station, site: Site, steward: Browser, sender: str) -> None:
    submitter = signed_in(site, sender)
    station.send(FEED, visits(visit("W1"), visit("W2")), sender)
    assert "retiré" not in submitter.see("/deliveries")
    station.send(FEED, csv(VISITS_OR_NOT, *(withdrawn_visit(n, "03/02/2024") for n in ("W1", "W2"))), sender)
    for page in (submitter.see("/deliveries"), steward.see("/board")):
        assert "2 enregistrements retirés" in page


def test_a_file_that_was_judged_again_leads_to_the_judgement_that_counts(
    station: Station, site: Site, steward: Browser, sender: str
) -> None:
    submitter = signed_in(site, sender)
    first = station.send(FEED, visits(visit("V1"), visit("V2", Enfants="35")), sender)["delivery_id"]
    with station.amended(FEED, "maximum: 30", "maximum: 40"):
        (second,) = pipeline.rejudge(station.office, first)
    assert steward.get(f"/deliveries/{first}").headers["location"] == f"/findings/{first}"
    for browser, place in ((submitter, "/deliveries"), (steward, "/findings")):
        old, new = browser.see(f"{place}/{first}"), browser.see(f"{place}/{second['delivery_id']}")
        assert ("rejugé" in old, "rejugé" in new) == (True, False)
        assert f'href="{place}/{second["delivery_id"]}"' in old
