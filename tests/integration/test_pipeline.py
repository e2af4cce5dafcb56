"""The way of a delivery on a real PostgreSQL: once and only once, and the state follows from what was stated."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest
from tests.integration.station import Station, csv, notes, stays, visit, visits

from marsad import audit, cli
from marsad.errors import UsageFault
from marsad.intake import dry_run, inbox, pipeline, receipts

SHELTER = ("record_id", "shelter")


def test_a_sound_file_lands_once(station: Station, sender: str):
    receipt = station.send("lab/visits", visits(visit("V1"), visit("V2")), sender)
    assert (receipt["status"], receipt["rows_accepted"], receipts.exit_code(receipt)) == ("accepted", 2, 0)
    assert receipt["period"] == "2024-01"
    assert station.state("lab/visits", sender, "record_id", "version", "sex", "children", "age", "minor") == [
        ("V1", "2024-02-01", "F", 2, 33, "no"),
        ("V2", "2024-02-01", "F", 2, 33, "no"),
    ]


def test_identities_are_in_the_vault_and_nowhere_else(station: Station, sender: str):
    receipt = station.send("lab/visits", visits(visit("V1")), sender)
    (kept,) = station.opened("vault", [receipt["delivery_id"]])
    assert json.loads(kept) == {
        "full_name": "Nom Inventé", "birth_date": "1990-04-03", "story": "récit", "scribble": "note"
    }  # fmt: skip
    row = station.rows("SELECT * FROM core.victim WHERE delivery_id::text = :id", id=receipt["delivery_id"])[0]
    assert not {"full_name", "birth_date", "narrative"} & set(row)
    assert row["extra"] is None


@pytest.mark.parametrize("name", ["same.csv", "other.csv"])
def test_the_same_bytes_again_repeat_the_first_verdict(station: Station, sender: str, name: str):
    content = visits(visit("V1"), visit("V2", Enfants="viele"))
    first = station.send("lab/visits", content, sender, "same.csv")
    before = station.counts()
    again = station.send("lab/visits", content, sender, name)
    assert again["status"] == "duplicate"
    assert again["first"] == first
    assert again["file_name"] == name
    assert receipts.exit_code(again) == receipts.exit_code(first) == 1
    assert audit.is_genuine(again, station.office.keyring.public.verifier)
    grown = {table for table, count in station.counts().items() if count != before[table]}
    assert grown == {"ops.arrival", "audit.event"}


def test_the_same_bytes_named_for_another_month_are_another_delivery(station: Station, sender: str):
    """A list that did not change: sent for January, for February, and for February once more."""
    content = notes(r1="A", r2="B")
    january = station.send("lab/rolls", content, sender, "liste 2024-01.csv")
    february = station.send("lab/rolls", content, sender, "liste 2024-02.csv")
    assert (january["period"], february["period"]) == ("2024-01", "2024-02")
    assert january["delivery_id"] != february["delivery_id"]
    again = station.send("lab/rolls", content, sender, "liste du 2024-02, copie.csv")
    assert (again["status"], again["delivery_id"]) == ("duplicate", february["delivery_id"])
    periods = "SELECT DISTINCT period FROM ops.coverage WHERE provider = :p"
    assert {row["period"] for row in station.rows(periods, p=sender)} == {"2024-01", "2024-02"}
    checked, _ = dry_run.check(station.office, station.file(content, "liste 2024-03.csv"), "lab/rolls", sender)
    assert (checked["period"], checked["rows_read"]) == ("2024-03", 2)


def test_a_receipt_names_all_periods_of_its_file(station: Station, sender: str):
    met = {"V1": "15/11/2023", "V2": "01/02/2024", "V3": "02/02/2024"}
    receipt = station.send("lab/visits", visits(*(visit(n, Rencontre=day) for n, day in met.items())), sender)
    assert (receipt["period"], receipt["periods"]) == ("2024-02", ["2023-11", "2024-02"])
    page = (station.home / receipt["reports"]["fr"]).read_text("utf-8")
    assert "2023-11 – 2024-02" in page


def test_a_refused_file_again_is_refused_again(station: Station, sender: str):
    first = station.send("lab/visits", visits(visit("")), sender)
    again = station.send("lab/visits", visits(visit("")), sender)
    assert (first["status"], again["status"]) == ("refused", "duplicate")
    assert receipts.exit_code(again) == receipts.exit_code(first) == 2


def test_the_same_bytes_of_another_sender_are_another_delivery(station: Station):
    one, other = station.sender(), station.sender()
    first, second = (station.send("lab/visits", visits(visit("V1")), name) for name in (one, other))
    assert first["delivery_id"] != second["delivery_id"]
    assert second["status"] == "accepted"


def test_a_correction_counts_and_an_old_file_that_comes_late_does_not(station: Station, sender: str):
    station.send("lab/visits", visits(visit("V1", "01/02/2024", Enfants=1)), sender)
    station.send("lab/visits", visits(visit("V1", "01/03/2024", Enfants=2)), sender)
    station.send("lab/visits", visits(visit("V1", "01/01/2024", Enfants=3)), sender)
    assert station.state("lab/visits", sender, "children") == [(2,)]


def test_back_and_forth_with_versions(station: Station, sender: str):
    for sent, children in (("01/02/2024", 1), ("02/02/2024", 2), ("03/02/2024", 1)):
        station.send("lab/visits", visits(visit("V1", sent, Enfants=children)), sender)
    assert station.state("lab/visits", sender, "version", "children") == [("2024-02-03", 1)]
    assert station.one("SELECT count(*) FROM core.victim WHERE provider = :p", p=sender) == 2  # two contents


def test_back_and_forth_without_versions_takes_what_came_last(station: Station, sender: str):
    seen = []
    for shelter in "ABA":
        station.send("lab/notes", notes(n1=shelter), sender)
        seen.append(station.state("lab/notes", sender, "shelter"))
    assert seen == [[("A",)], [("B",)], [("A",)]]


def test_back_and_forth_of_a_snapshot(station: Station, sender: str):
    for content in (
        stays("2024-02-01", s1="A", s2="A"),
        stays("2024-02-02", s1="B"),
        stays("2024-02-03", s1="A", s2="A"),
    ):
        station.send("lab/stays", content, sender)
    assert station.state("lab/stays", sender, *SHELTER) == [("s1", "A"), ("s2", "A")]
    station.send("lab/stays", stays("2024-02-01", s1="A", s2="A"), sender)  # the very first bytes: nothing moves
    assert station.state("lab/stays", sender, *SHELTER) == [("s1", "A"), ("s2", "A")]


def test_back_and_forth_of_a_snapshot_without_versions(station: Station, sender: str):
    for rows in ({"r1": "A", "r2": "A"}, {"r1": "B"}, {"r1": "A", "r2": "A"}):
        station.send("lab/rolls", notes(**rows), sender, "liste 2024-01.csv")
    assert station.state("lab/rolls", sender, *SHELTER) == [("r1", "A"), ("r2", "A")]


def test_a_snapshot_withdraws_what_it_does_not_name_in_its_own_months_only(station: Station, sender: str):
    station.send("lab/stays", stays("2024-03-01", s1="A", s2="A", s3=("A", "2024-02-10")), sender)
    receipt = station.send("lab/stays", stays("2024-03-02", s1="A"), sender)
    assert receipt["rows_unchanged"] == 1
    assert station.state("lab/stays", sender, "record_id") == [("s1",), ("s3",)]


def test_a_row_that_a_snapshot_states_badly_is_not_withdrawn(station: Station, sender: str):
    station.send("lab/stays", stays("2024-03-01", s1="A", s2="A", s3="A"), sender)
    bad = stays("2024-03-02", s1="B", s2="B").replace("s2;B;1", "s2;B;viele")
    assert station.send("lab/stays", bad, sender)["rows_quarantined"] == 1
    assert station.state("lab/stays", sender, *SHELTER) == [("s1", "B"), ("s2", "A")]


def test_rows_without_a_key_are_what_they_say(station: Station, sender: str):
    header, row = ("Centre", "Enfants", "Entrée"), ("A", 1, "2024-01-01")
    first = station.send("lab/calls", csv(header, row, row, ("B", 1, "2024-01-02")), sender)
    second = station.send("lab/calls", csv(header, row, ("C", 1, "2024-01-03")), sender)
    assert (first["status"], first["rows_accepted"]) == ("accepted_with_findings", 3)
    assert (second["rows_accepted"], second["rows_unchanged"]) == (1, 1)
    assert [shelter for (shelter,) in station.state("lab/calls", sender, "shelter")].count("A") == 2


def test_copies_and_contradictions_within_a_file(station: Station, sender: str):
    content = visits(*(visit(f"V{n}") for n in range(6)), visit("V0"), visit("V1", Enfants=5))
    receipt = station.send("lab/visits", content, sender)
    assert station.findings(receipt) == {"key.one_content": [3, 9], "row.once": [8]}
    assert (receipt["rows_accepted"], receipt["rows_quarantined"]) == (5, 3)
    assert "V1" not in [record for (record,) in station.state("lab/visits", sender, "record_id")]
    assert len(station.opened("quarantine", [receipt["delivery_id"]])) == 3


def test_a_corrected_row_clears_its_quarantine(station: Station, sender: str):
    bad = station.send("lab/visits", visits(visit("V1", Enfants="viele"), visit("V2")), sender)
    waiting = "SELECT row, corrected_by::text FROM quarantine.record WHERE delivery_id::text = :id"
    assert station.rows(waiting, id=bad["delivery_id"]) == [{"row": 2, "corrected_by": None}]
    good = station.send("lab/visits", visits(visit("V1", Enfants=4)), sender)
    assert station.rows(waiting, id=bad["delivery_id"]) == [{"row": 2, "corrected_by": good["delivery_id"]}]
    assert station.state("lab/visits", sender, "record_id", "children") == [("V1", 4), ("V2", 2)]


WAITING = "SELECT count(*) FROM quarantine.record WHERE delivery_id::text = :id AND corrected_by IS NULL"


@pytest.mark.parametrize("order", ["bad old", "old bad"])
def test_an_older_revision_corrects_nothing(station: Station, sender: str, order: str):
    files = {"old": visits(visit("V1", "01/02/2024")), "bad": visits(visit("V1", "01/03/2024", Enfants="viele"))}
    sent = {name: station.send("lab/visits", files[name], sender) for name in order.split()}
    assert station.one(WAITING, id=sent["bad"]["delivery_id"]) == 1


@pytest.mark.parametrize("order", ["bad new", "new bad"])
def test_a_newer_revision_corrects_whichever_comes_first(station: Station, sender: str, order: str):
    files = {"new": visits(visit("V1", "01/04/2024")), "bad": visits(visit("V1", "01/03/2024", Enfants="viele"))}
    sent = {name: station.send("lab/visits", files[name], sender) for name in order.split()}
    assert station.one(WAITING, id=sent["bad"]["delivery_id"]) == 0


def test_without_a_version_what_came_later_corrects(station: Station, sender: str):
    bad = visits(visit("V1", "unlesbar", Enfants="viele"), visit("V2"), visit("V3"))
    first = station.send("lab/visits", visits(visit("V1")), sender)
    refused = station.send("lab/visits", bad, sender)
    assert station.one(WAITING, id=refused["delivery_id"]) == 1
    assert first["status"] == "accepted"
    station.send("lab/visits", visits(visit("V1", "01/01/2020")), sender)
    assert station.one(WAITING, id=refused["delivery_id"]) == 0


def test_the_quarantine_keeps_the_row_as_it_was_sent(station: Station, sender: str):
    receipt = station.send(
        "lab/visits", visits(visit("V1", Enfants="viele", Naissance="irgendwann"), visit("V2")), sender
    )
    (kept,) = station.opened("quarantine", [receipt["delivery_id"]])
    assert json.loads(kept)["Enfants"] == "viele"
    assert json.loads(kept)["Nom"] == "Nom Inventé"


def test_a_bare_year_of_birth_is_kept_in_the_vault(station: Station, sender: str):
    with station.amended("lab/visits", "formats: [dd/MM/yyyy]", "formats: [dd/MM/yyyy, yyyy]"):
        receipt = station.send("lab/visits", visits(visit("V1", Naissance="1998")), sender)
    (kept,) = station.opened("vault", [receipt["delivery_id"]])
    assert json.loads(kept)["birth_date"] == "1998"


def test_providers_hold_their_signed_receipt(station: Station, sender: str):
    content = visits(visit("V1"))
    first, again = station.send("lab/visits", content, sender), station.send("lab/visits", content, sender)
    written = [json.loads(p.read_text("utf-8")) for p in (station.home / "reports" / sender).glob("*.receipt.json")]
    assert sorted(written, key=lambda r: r["status"]) == [first, again]
    assert all(audit.is_genuine(receipt, station.office.keyring.public.verifier) for receipt in written)


def test_receipts_are_signed_and_end_in_the_chain(station: Station, sender: str):
    receipt = station.send("lab/visits", visits(visit("V1")), sender)
    verifier = station.office.keyring.public.verifier
    assert audit.is_genuine(receipt, verifier)
    assert not audit.is_genuine({**receipt, "rows_accepted": 2}, verifier)
    stored = station.rows("SELECT receipt FROM ops.delivery WHERE delivery_id::text = :id", id=receipt["delivery_id"])
    assert stored == [{"receipt": receipt}]
    told = json.loads((station.home / receipt["reports"]["json"]).read_text("utf-8"))
    assert {name: told[name] for name in ("status", "rows_read", "sha256")} == {
        name: receipt[name] for name in ("status", "rows_read", "sha256")
    }


@pytest.mark.parametrize("content", [visits(visit("V1"), visit("V2", Enfants="viele")), "", visits(visit(""))])
def test_a_dry_run_stores_nothing_and_says_the_same(station: Station, sender: str, content: str):
    path = station.file(content, f"{sender}.csv")
    before, files = station.counts(), _below(station)
    dry, judged = dry_run.check(station.office, path, "lab/visits")
    assert station.counts() == before
    assert _below(station) == files
    real = pipeline.ingest(station.office, path, "lab/visits", sender)
    alike = (
        "status",
        "rows_read",
        "rows_accepted",
        "rows_quarantined",
        "rows_unchanged",
        "errors",
        "warnings",
        "period",
        "periods",
    )
    assert {name: dry[name] for name in alike} == {name: real[name] for name in alike}
    assert sorted({one.rule.id for one in judged.broken}) == sorted(station.findings(real))


def test_a_dry_run_of_a_known_file_repeats_its_receipt_and_stores_nothing(station: Station):
    path = station.file(visits(visit("V-known")))
    first = pipeline.ingest(station.office, path, "lab/visits", "dry-run")
    before = station.counts()
    receipt, _ = dry_run.check(station.office, path, "lab/visits")
    assert receipt == first
    assert station.counts() == before


def test_a_dry_run_leaves_a_delivery_alone_that_is_still_open(station: Station):
    path = station.file(visits(visit("V-open")))
    delivery, _ = pipeline.receive(station.office, path, "lab/visits", "dry-run", path.name)
    before = station.counts()
    receipt, _ = dry_run.check(station.office, path, "lab/visits")
    assert receipt["rows_accepted"] == 1
    assert station.counts() == before
    assert pipeline.settle_now(station.office, delivery)["status"] == "accepted"
    station.assert_whole()


def _below(station: Station) -> set[str]:
    return {str(path) for path in station.home.rglob("*") if path.is_file()}


def test_the_inbox_is_drained(station: Station, sender: str):
    settings = station.office.settings
    place = settings.place("inbox")
    for name, content in (("a.csv", visits(visit("V1"))), ("b.csv", visits(visit(""))), ("c.csv", visits(visit("V1")))):
        inbox.drop(station.file(content, name), place, sender, "lab/visits")
    waiting = inbox.waiting(place, "lab/visits", 4e9)
    assert [file.provider for file in waiting] == [sender] * 3
    for file in waiting:
        pipeline.receive(station.office, file.path, file.feed, file.provider, file.path.name)
        file.path.unlink()
    done = pipeline.drain(settings, "lab/visits")
    assert (done.deliveries, done.refused, done.rows_accepted, done.changed) == (2, 1, 1, True)
    again = pipeline.drain(settings, "lab/visits", since=station.office.clock())
    assert (again.deliveries, again.changed) == (0, False)
    answers = """SELECT a.receipt->>'status' AS status FROM ops.arrival a JOIN ops.delivery d USING (delivery_id)
        WHERE d.provider = :p AND a.receipt IS NOT NULL"""
    assert station.rows(answers, p=sender) == [{"status": "duplicate"}]


def test_wrong_names_are_told(station: Station, sender: str):
    path = station.file(visits(visit("V1")))
    with pytest.raises(UsageFault, match="lab/visits"):
        pipeline.ingest(station.office, path, "lab/visit", sender)
    with pytest.raises(UsageFault, match="is not a file"):
        pipeline.ingest(station.office, path.with_name("none.csv"), "lab/visits", sender)
    for name in ("a/b", ".hidden", "a\0b", ""):
        with pytest.raises(UsageFault, match="no name of a provider"):
            pipeline.ingest(station.office, path, "lab/visits", name)
        with pytest.raises(UsageFault, match="no name of a provider"):
            dry_run.check(station.office, path, "lab/visits", name)


def test_all_that_happened_is_whole(station: Station):
    station.assert_whole()


@pytest.mark.parametrize(("language", "told"), [("fr", "Lignes 3"), ("ar", "السطور 3"), ("en", "Rows 3")])
def test_a_dry_run_at_the_command_line_speaks_the_language_asked_for(
    station: Station, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str, told: str
):
    monkeypatch.setattr(cli, "_catalog_to_send", lambda *_: None)
    monkeypatch.setattr(cli, "_office", lambda *_: nullcontext(station.office))
    path = station.file(visits(visit("V1"), visit("V2", Enfants="deux")))
    monkeypatch.setattr("sys.argv", ["marsad", "check", str(path), "--feed", "lab/visits", "--lang", language])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("critical"))
    assert told in line
    assert station.office.contract("lab/visits").column("children").headers[language] in line
