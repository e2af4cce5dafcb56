"""The pages, over a real warehouse: sending a file to its receipt, languages, quiet periods."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.portal_site import Browser, add_account, cells, events, signed_in, upload
from tests.integration.station import Clock, Station, visit, visits

from marsad.intake import pipeline
from marsad.portal.accounts import Right
from marsad.portal.site import Shelf, Site
from marsad.portal.trial import Trials, answer
from marsad.portal.uploads import safe_name

FILE = {"file": ("x.csv", b"x")}
GOOD = visits(visit("P1"), visit("P2"))
FAULTY = visits(visit("P1"), visit("P2", Sexe="zzz"), visit("P3", Naissance="31/02/1990"))


def settle(station: Station, feed: str = "lab/visits") -> None:
    """What Airflow does when it finds the file."""
    pipeline.receive_waiting(station.office, feed, time.time() + 60)
    pipeline.drain(station.office.settings, feed)


def test_a_file_is_checked_sent_and_answered_with_a_receipt(station: Station, submitter: Browser, sender: str) -> None:
    answer = upload(submitter, sender, FAULTY)
    assert answer.status_code == 303
    page = submitter.see(answer.headers["location"])
    assert "Ceci est un essai" in page
    assert station.rows("SELECT 1 FROM ops.delivery WHERE provider = :s", s=sender) == []
    path = answer.headers["location"]
    assert submitter.submit(f"{path}/send").headers["location"] == path
    assert submitter.get(f"{path}/state").json() == {"state": "sent"}
    settle(station)
    assert submitter.get(f"{path}/state").json() == {"state": "done"}
    delivery = submitter.get(path).headers["location"]
    assert "Naissance" in submitter.see(delivery)
    assert delivery in submitter.see("/deliveries")
    receipt = submitter.get(f"{delivery}/receipt.json").json()
    assert receipt == station.one("SELECT receipt FROM ops.delivery WHERE provider = :s", s=sender)
    printed = submitter.see(f"{delivery}/receipt")
    assert receipt["signature"].replace("+", "&#43;") in printed or receipt["signature"] in printed
    assert "Signature vérifiée" in printed


def test_the_verdict_of_the_dry_run_is_that_of_the_delivery(station: Station, submitter: Browser, sender: str) -> None:
    path = upload(submitter, sender, FAULTY).headers["location"]
    dry = station.one("SELECT verdict FROM portal.upload WHERE upload_id::text = :id", id=path.rpartition("/")[2])
    submitter.submit(f"{path}/send")
    settle(station)
    real = submitter.get(submitter.get(path).headers["location"] + "/report.json").json()
    alike = ("status", "rows_read", "rows_accepted", "rows_quarantined", "rows_unchanged", "findings", "expected")
    assert {name: dry[name] for name in alike} == {name: real[name] for name in alike}


def test_what_was_not_sent_is_removed(station: Station, site: Site, submitter: Browser, sender: str) -> None:
    place = station.office.settings.place("tmp") / "portal"
    path = upload(submitter, sender, GOOD).headers["location"]
    kept = place / path.rpartition("/")[2]
    assert [file.stat().st_mode & 0o777 for file in kept.iterdir()] == [0o600]
    submitter.submit(f"{path}/drop")
    assert not kept.exists()
    assert submitter.submit(f"{path}/send").status_code == 303
    assert station.rows("SELECT 1 FROM ops.arrival a JOIN ops.delivery USING (delivery_id) WHERE provider = :s",
                        s=sender) == []  # fmt: skip
    second = upload(submitter, sender, GOOD).headers["location"].rpartition("/")[2]
    with Browser(site):  # the pages start anew
        assert not (place / second).exists()
    assert "effacé" in submitter.see(f"/uploads/{second}")


def test_a_file_that_waited_too_long_cannot_be_sent(station: Station, submitter: Browser, sender: str) -> None:
    path = upload(submitter, sender, GOOD).headers["location"]
    for _ in range(2):  # the session lives on by this
        station.office.clock.now += timedelta(minutes=16)  # type: ignore[attr-defined]
        submitter.see(path)
    submitter.submit(f"{path}/send")
    assert submitter.get(f"{path}/state").json()["state"] == "checked"
    assert station.rows("SELECT 1 FROM audit.event WHERE object = :o AND action = 'file.sent'",
                        o=f"upload:{path.rpartition('/')[2]}") == []  # fmt: skip


def test_waiting_files_are_forgotten_though_nobody_uploads(
    station: Station, site: Site, submitter: Browser, sender: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marsad.portal.app._SWEEP_EVERY", 0.05)
    with Browser(replace(site)) as browser:
        browser.cookies, browser.form_token = submitter.cookies, submitter.form_token
        path = upload(browser, sender, GOOD).headers["location"]
        kept = station.office.settings.place("tmp") / "portal" / path.rpartition("/")[2]
        assert kept.exists()
        station.office.clock.now += timedelta(minutes=31)  # type: ignore[attr-defined]
        until = time.monotonic() + 60
        while kept.exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert not kept.exists()


def test_a_verdict_that_cannot_be_kept_is_a_failed_check(site: Site, submitter: Browser, sender: str) -> None:
    odd = replace(site, ask=lambda _question: {"status": "no text of a database: \0"})
    browser = Browser(odd)
    browser.cookies, browser.form_token = submitter.cookies, submitter.form_token
    browser.see("/send")
    path = browser.submit("/send", {"what": f"{sender}|lab/visits"}, files=FILE).headers["location"]
    assert browser.get(f"{path}/state").json()["state"] == "failed"


def test_one_account_keeps_only_so_many_files_waiting(site: Site, submitter: Browser, sender: str) -> None:
    strict = replace(site, policy=replace(site.policy, uploads_waiting=2), ask=lambda _question: {"status": "refused"})
    browser = Browser(strict)
    browser.cookies, browser.form_token = submitter.cookies, submitter.form_token
    paths = [upload(browser, sender, f"{GOOD}{number}").headers["location"] for number in range(3)]
    states = [browser.get(f"{path}/state").json()["state"] for path in paths]
    assert states == ["dropped", "checked", "checked"]


def test_a_known_file_is_told_so_before_it_is_sent(station: Station, submitter: Browser, sender: str) -> None:
    station.send("lab/visits", GOOD, sender)
    path = upload(submitter, sender, GOOD).headers["location"]
    submitter.see(path)
    submitter.submit(f"{path}/send")
    settle(station)
    assert submitter.get(path).headers["location"].startswith("/deliveries/")
    assert "déjà reçu" in submitter.see("/deliveries")


@pytest.mark.parametrize(
    ("given", "kept"),
    [("a.csv", "a.csv"), ("../../etc/passwd", "passwd"), ("C:\\dossier\\a.xlsx", "a.xlsx"), (".caché", "caché"),
     ("a\x00\n.csv", "a__.csv"), ("fin.part", "fin.part_"), ("...", "file"), ("é" * 300 + ".csv", "é" * 90 + ".csv"),
     ("ملف الضحايا.xlsx", "ملف الضحايا.xlsx")],
)  # fmt: skip
def test_a_file_name_becomes_one_that_the_inbox_shows(given: str, kept: str) -> None:
    assert safe_name(given) == kept


def test_lists_name_all_the_months_of_a_file(
    station: Station, submitter: Browser, steward: Browser, sender: str
) -> None:
    station.send("lab/visits", visits(visit("L1"), visit("L2", Rencontre="15/11/2023")), sender)
    for browser, path in ((submitter, "/"), (submitter, "/deliveries"), (steward, "/board")):
        assert f'2023-11 – 2024-01</bdi> <span class="nowrap">· <bdi>{sender}' in browser.see(path), path


# -- language, audit, quiet periods ------------------------------------------------------------------------------------


def test_pages_speak_the_chosen_language_in_its_direction(submitter: Browser, site: Site) -> None:
    assert '<html lang="fr" dir="ltr">' in submitter.see("/")
    assert submitter.submit("/language", {"language": "ar", "back": "/send"}).headers["location"] == "/send"
    assert '<html lang="ar" dir="rtl">' in submitter.see("/send")
    for back in ("//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", ""):
        assert submitter.submit("/language", {"language": "ar", "back": back}).headers["location"] == "/"
    templates = [(code, f"/templates/lab/visits?lang={code}") for code in ("fr", "ar", "en")]
    assert [code for code, path in templates if path in submitter.see("/send")] == ["fr", "ar"]
    submitter.submit("/language", {"language": "en", "back": "/send"})
    assert [code for code, path in templates if path in submitter.see("/send")] == ["fr", "ar", "en"]
    english = Browser(site, headers={"accept-language": "de, en-GB;q=0.8"})
    assert '<html lang="en"' in english.see("/sign-in")


def test_views_and_downloads_are_audited_without_an_address(station: Station, submitter: Browser, sender: str) -> None:
    receipt = station.send("lab/visits", FAULTY, sender)
    base = f"/deliveries/{receipt['delivery_id']}"
    for path in (base, f"{base}/receipt", f"{base}/receipt.json", f"{base}/report.json"):
        assert submitter.get(path).status_code == 200
    actor, object_ = f"account:{submitter.account_id}", f"delivery:{receipt['delivery_id']}"  # type: ignore[attr-defined]
    seen = station.rows("SELECT action, detail FROM audit.event WHERE actor = :a AND object = :o ORDER BY seq",
                        a=actor, o=object_)  # fmt: skip
    assert [(row["action"], row["detail"].get("kind")) for row in seen] == [
        ("delivery.viewed", None), ("receipt.viewed", None), ("delivery.downloaded", "receipt"),
        ("delivery.downloaded", "report"),
    ]  # fmt: skip
    assert events(station, "sign_in.succeeded")[-1]["actor"] == actor
    station.assert_whole()


def test_a_quiet_period_is_entered_only_where_something_is_expected(
    station: Station, submitter: Browser, sender: str
) -> None:
    office = replace(station.office, clock=Clock(datetime(2029, 12, 3, 12, tzinfo=UTC)))
    row = visit("Q1", sent="01/12/2029", Rencontre="15/11/2029")
    pipeline.ingest(office, station.file(visits(row)), "lab/visits", sender)
    button = f'value="lab/visits"><input type="hidden" name="provider" value="{sender}"><input type="hidden" ' \
             'name="period" value="2029-12"'  # fmt: skip
    page = submitter.see("/")
    assert "en retard de" in page
    assert button in page
    assert "C&#39;est noté" not in page
    assert "C&#39;est noté" not in submitter.see("/?quiet=lab/visits&period=2029-12")
    told = {"feed": "lab/visits", "provider": sender, "period": "2029-12"}
    for period in ("2029-11", "2030-01"):  # a file came; not over
        assert submitter.submit("/quiet", {**told, "period": period}).status_code == 404
    asked = submitter.submit("/quiet", told)
    for words in ("Oui, rien à signaler", submitter.site.shelf.titles["lab/visits"]["fr"], "2029-12"):
        assert words in asked.text
    assert button in submitter.see("/")
    answer = submitter.submit("/quiet", {**told, "sure": "yes"})
    page = submitter.see(answer.headers["location"])
    assert "2029-12" in page.partition("C&#39;est noté")[2].partition("</p>")[0]
    assert button not in page
    assert station.rows("SELECT feed, period, declared_by FROM ops.quiet WHERE provider = :s", s=sender) == [
        {"feed": "lab/visits", "period": "2029-12", "declared_by": f"account:{submitter.account_id}"}  # type: ignore[attr-defined]
    ]


def test_a_provider_that_never_sent_may_begin_with_nothing_to_report(
    station: Station, submitter: Browser, steward: Browser, sender: str
) -> None:
    page = submitter.see("/")  # 15 January 2030, five days after December's day
    assert 'name="feed" value="lab/visits"' in page
    assert "en retard de" not in page
    told = {"feed": "lab/visits", "provider": sender, "period": "2029-12", "sure": "yes"}
    assert submitter.submit("/quiet", {**told, "period": "2029-11"}).status_code == 404
    answer = submitter.submit("/quiet", told)
    page = submitter.see(answer.headers["location"])
    assert "C&#39;est noté" in page
    assert re.findall(r'value="lab/visits">.*?name="period" value="([^"]*)"', page) == []  # January runs
    assert cells(steward.see("/board"), sender)[-2:] == ["∅ rien à signaler", "… en cours"]


def test_the_portal_holds_no_private_key_of_landing_or_vault(station: Station, site: Site, tmp_path: Path) -> None:
    private = station.office.settings.place("keys") / "private"
    hidden = private.rename(tmp_path / "private")
    try:
        browser = signed_in(site, station.sender())
        assert browser.get("/").status_code == 200
        assert browser.get("/send").status_code == 200
    finally:
        hidden.rename(private)


def test_a_wrong_contract_or_suite_takes_its_own_feed_alone(station: Station, site: Site, tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "broken.yaml").write_text("id: lab/broken\n")
    mine, suites = site.settings.expectation_dirs[0], tmp_path / "suites"
    shutil.copytree(mine, suites)
    (suites / "lab" / "visits.json").unlink()
    dirs = (*site.settings.contract_dirs, tmp_path)
    settings = replace(site.settings, contract_dirs=dirs, expectation_dirs=(suites,))
    assert "lab/visits" in Shelf(settings).titles
    with Trials(settings) as trials:
        question = {"path": str(station.file(GOOD)), "provider": station.sender()}
        assert answer(trials.office, {**question, "feed": "lab/visits"}) == {"fault": "UsageFault"}
        (suites / "lab" / "visits.json").write_bytes((mine / "lab" / "visits.json").read_bytes())
        (tmp_path / "lab" / ".#broken.yaml").symlink_to("me@host.1:2")  # somebody is editing
        assert trials.verify_request(None, None)
        assert answer(trials.office, {**question, "feed": "lab/visits"})["status"] == "accepted"


def test_without_the_process_of_dry_runs_nobody_is_blamed(site: Site, station: Station, sender: str) -> None:
    from marsad.portal.asking import over

    alone = replace(site, ask=over(station.home / "run" / "nowhere.sock"))
    add_account(alone, f"{sender}@alone.example.org".lower(), Right("submitter", sender))
    browser = Browser(alone)
    browser.sign_in(f"{sender}@alone.example.org".lower())
    page = browser.see(upload(browser, sender, GOOD).headers["location"])
    assert "pas la faute du fichier" in page
