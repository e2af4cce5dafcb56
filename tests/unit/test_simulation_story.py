"""The story as a whole: the same files for the same seed, in order, every case in it, and books that add up."""

import csv
import io
import json
import zipfile
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from marsad.contracts.load import load_contracts
from marsad.settings import PROJECT
from marsad.simulation import simulate
from marsad.simulation.faults import FAULTS
from marsad.simulation.offices import TELLERS, forms, providers

VICTIMS, SEED = 300, 7
REFUSING = {"wrong_feed", "truncated", "empty", "no_key_column"}


@pytest.fixture(scope="module")
def contracts():
    return load_contracts([PROJECT / "schemas" / "contracts"])


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    out = tmp_path_factory.mktemp("told")
    path = simulate(out, VICTIMS, SEED)
    return out, json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def truth(told):
    return told[1]


def _named(truth, kind):
    return [entry for entry in truth["files"] if kind in entry["cases"]]


def _in_force(truth):
    return [tuple(record) for one in (*truth["persons"], {"records": truth["others"]}) for record in one["records"]]


def _form(entry, contracts):
    pair = providers(contracts[entry["feed"]])
    return next(form for form in forms(entry["feed"], pair) if form.provider == entry["provider"])


def test_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        simulate(tmp_path / name, 40, seed)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "b").iterdir())
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    assert (tmp_path / "a" / "truth.json").read_bytes() != (tmp_path / "c" / "truth.json").read_bytes()


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_forty_victims_show_every_case(tmp_path, seed):
    truth = json.loads(simulate(tmp_path, 40, seed).read_text(encoding="utf-8"))
    shown = {entry["kind"] for entry in truth["faults"]} | {case for f in truth["files"] for case in f["cases"]}
    assert set(FAULTS) - shown == set()


def test_every_fault_kind_is_in_the_story(truth):
    shown = {entry["kind"] for entry in truth["faults"]} | {case for f in truth["files"] for case in f["cases"]}
    assert set(FAULTS) - shown == set()
    assert [kind["kind"] for kind in truth["fault_kinds"]] == list(FAULTS)


def test_files_stand_in_the_order_of_sending_and_are_all_there(told):
    out, truth = told
    names = [entry["file"] for entry in truth["files"]]
    assert names == sorted(names) == sorted(path.name for path in out.iterdir() if path.name != "truth.json")
    assert [int(name.split("_")[0]) for name in names] == list(range(1, len(names) + 1))


def test_file_name_says_provider_and_feed(truth):
    for entry in truth["files"]:
        assert entry["file"].split("_", 1)[1].startswith(f"{entry['provider']}_{entry['feed'].replace('/', '-')}_")


def test_every_feed_and_office_sends(truth, contracts):
    sent = {(entry["feed"], entry["provider"]) for entry in truth["files"]}
    assert sent == {(feed, office) for feed in TELLERS for office in set(providers(contracts[feed]))}
    assert len({Path(entry["file"]).suffix for entry in truth["files"]}) == 5


def test_rows_read_are_accepted_quarantined_or_unchanged(truth):
    for entry in truth["files"]:
        expect = entry["expect"]
        parts = expect["rows_accepted"] + expect["rows_quarantined"] + expect["rows_unchanged"]
        assert expect["rows_read"] == parts, entry["file"]
        assert min(expect[name] for name in expect if name != "status") >= 0


def test_a_refused_file_has_all_its_rows_in_quarantine(truth):
    refused = [entry["expect"] for entry in truth["files"] if entry["expect"]["status"] == "refused"]
    assert len(refused) == len(REFUSING) + 1
    assert all(expect["rows_quarantined"] == expect["rows_read"] for expect in refused)


def test_status_follows_from_the_named_faults(truth):
    found = defaultdict(set)
    for fault in truth["faults"]:
        found[fault["file"]].add(fault["severity"])
    for entry in truth["files"]:
        if entry["expect"]["status"] in {"accepted", "accepted_with_findings"}:
            findings = bool(found[entry["file"]] & {"critical", "warning"})
            assert (entry["expect"]["status"] == "accepted_with_findings") == findings, entry["file"]


def test_each_quarantined_row_is_named(truth):
    rows = defaultdict(set)
    for fault in truth["faults"]:
        if fault["severity"] == "critical" and fault["row"] is not None:
            rows[fault["file"]].add(fault["row"])
    for entry in truth["files"]:
        if entry["expect"]["status"] in {"accepted", "accepted_with_findings"}:
            assert len(rows[entry["file"]]) == entry["expect"]["rows_quarantined"], entry["file"]


def test_row_faults_have_the_severity_of_the_table(truth):
    assert all(fault["severity"] == FAULTS[fault["kind"]].severity for fault in truth["faults"])


def _csv_lines(path, form):
    text = path.read_bytes().decode(form.kind.encoding)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=form.kind.delimiter))
    return lines, len(form.banner)


def _xlsx_lines(path, form):
    sheet = load_workbook(path, read_only=True).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)], len(form.banner)


def _data_rows(path, form):
    """Rows between the header and the first blank line, with nothing of Marsad's own reader."""
    if form.kind.kind == "jsonl":
        return len(path.read_text(encoding="utf-8").splitlines())
    if form.kind.kind == "json":
        return len(json.loads(path.read_text(encoding="utf-8")))
    if form.kind.kind == "ods":
        content = zipfile.ZipFile(path).read("content.xml").decode()
        return content.count("<table:table-row>") - 1 - len(form.banner)
    lines, banner = _csv_lines(path, form) if form.kind.kind == "csv" else _xlsx_lines(path, form)
    rows = lines[banner + 1 :]
    return next((n for n, row in enumerate(rows) if not any(row)), len(rows))


def test_rows_read_are_those_a_plain_reader_counts(told, contracts):
    out, truth = told
    for entry in truth["files"]:
        if not set(entry["cases"]) & REFUSING:
            assert _data_rows(out / entry["file"], _form(entry, contracts)) == entry["expect"]["rows_read"], entry[
                "file"
            ]


def test_total_row_is_the_last_row_of_its_file(told, contracts):
    out, truth = told
    totals = [fault for fault in truth["faults"] if fault["kind"] == "total_row"]
    words = {"TOTAL", "المجموع"}
    entries = {entry["file"]: entry for entry in truth["files"]}
    assert totals
    for fault in totals:
        form = _form(entries[fault["file"]], contracts)
        lines, _ = (_csv_lines if form.kind.kind == "csv" else _xlsx_lines)(out / fault["file"], form)
        assert lines[fault["row"] - 1][0] in words
        assert sum(line[0] in words for line in lines if line) == 1


def test_named_row_holds_the_named_record(told, contracts):
    out, truth = told
    entries = {entry["file"]: entry for entry in truth["files"]}
    seen = 0
    for fault in truth["faults"]:
        form = _form(entries[fault["file"]], contracts)
        if fault["record_id"] and form.kind.kind == "csv":
            lines, _ = _csv_lines(out / fault["file"], form)
            assert fault["record_id"] in lines[fault["row"] - 1]
            seen += 1
    assert seen > 5


def test_duplicate_has_the_bytes_and_the_counts_of_the_first(told):
    out, truth = told
    (again,) = _named(truth, "duplicate_file")
    first = next(entry for entry in truth["files"] if entry["file"] == again["first"])
    assert (out / again["file"]).read_bytes() == (out / first["file"]).read_bytes()
    assert again["expect"] == {**first["expect"], "status": "duplicate"}


def test_only_the_duplicate_repeats_bytes(told):
    out, truth = told
    contents = Counter((out / entry["file"]).read_bytes() for entry in truth["files"])
    assert sorted(contents.values())[-2:] == [1, 2]


def test_truncated_file_is_no_zip_and_empty_file_is_empty(told):
    out, truth = told
    (cut,), (empty,) = _named(truth, "truncated"), _named(truth, "empty")
    assert not zipfile.is_zipfile(out / cut["file"])
    assert (out / cut["file"]).stat().st_size > 1000
    assert (out / empty["file"]).stat().st_size == 0


def test_file_without_key_lacks_just_the_key(told, contracts):
    out, truth = told
    (entry,) = _named(truth, "no_key_column")
    form, contract = _form(entry, contracts), contracts[entry["feed"]]
    headers, _ = _csv_lines(out / entry["file"], form)
    missing = {form.header(column) for column in form.columns(contract)} - set(headers[0])
    assert missing == {form.header(column) for column in contract.key}


def test_wrong_file_holds_none_of_the_required_headers_of_its_inbox(told, contracts):
    out, truth = told
    (entry,) = _named(truth, "wrong_feed")
    written = {str(cell) for row in load_workbook(out / entry["file"]).worksheets[0].values for cell in row if cell}
    key = contracts[entry["feed"]].key[0]
    met = contracts[entry["feed"]].column("met_on")
    assert written.isdisjoint({*met.headers.values(), *met.aliases})
    assert entry["provider"] in contracts[entry["feed"]].providers
    assert key.required


def test_half_broken_file_is_refused_and_then_sent_right(truth):
    (entry,) = _named(truth, "half_broken")
    place = truth["files"].index(entry)
    broken = [f for f in truth["faults"] if f["file"] == entry["file"] and f["kind"] == "missing_required"]
    assert len(broken) > entry["expect"]["rows_read"] / 2
    following = truth["files"][place + 1]
    assert (following["feed"], following["provider"]) == (entry["feed"], entry["provider"])
    assert following["expect"]["rows_accepted"] > 0


def test_late_file_follows_the_newer_one_and_loses_nothing(truth):
    (late,) = _named(truth, "late_file")
    sent = [e for e in truth["files"] if (e["feed"], e["provider"]) == (late["feed"], late["provider"])]
    newer = next(e for e in sent if e["file"] < late["file"] and e["expect"]["status"].startswith("accepted"))
    assert newer["file"].split("_")[3] > late["file"].split("_")[3]
    assert late["expect"]["rows_accepted"] > 0
    assert late["expect"]["rows_unchanged"] > 0


def test_changed_snapshot_withdraws_one_record(told):
    out, truth = told
    (entry,) = _named(truth, "changed_snapshot")
    before = truth["files"][truth["files"].index(entry) - 1]
    held = {record for person in truth["persons"] for feed, _, record in person["records"] if feed == entry["feed"]}
    rows = {name: _keys_of(out / name) for name in (before["file"], entry["file"])}
    (gone,) = rows[before["file"]] - rows[entry["file"]]
    assert gone not in held
    assert rows[entry["file"]] <= held


def _keys_of(path):
    return {
        str(cell) for row in load_workbook(path).worksheets[0].values for cell in row if str(cell).startswith("SEJ-")
    }


def test_corrections_and_repeats_are_counted_apart(truth):
    (late,) = _named(truth, "late_file")
    clean = [e for e in truth["files"] if e["expect"]["status"] == "accepted" and "resent_unchanged" in e["cases"]]
    known = [
        e for e in clean if (e["feed"], e["provider"]) != (late["feed"], late["provider"]) or e["file"] > late["file"]
    ]
    assert known
    assert all(entry["expect"]["rows_unchanged"] > 0 for entry in known)


def test_current_records_add_up_in_every_figure(truth):
    values = defaultdict(int)
    for figure in truth["figures"]:
        values[figure["figure"]] += figure["value"]
    records = _in_force(truth)
    assert len(records) == len(set(records)) == values["records"] == values["records_current"]
    assert values["victim_records"] == values["victim_records_by_feed_provider"]
    assert values["victim_records"] == values["victims_by_agency_period_sex_ageband"]
    assert values["mart_victims"] >= values["victim_records"]
    assert values["victims_by_exploitation_form"] >= values["victim_records"]


def test_current_records_are_counted_by_feed_and_provider(truth):
    counted = Counter((feed, office) for feed, office, _ in _in_force(truth))
    figures = {tuple(f["keys"].values()): f["value"] for f in truth["figures"] if f["figure"] == "records_current"}
    assert counted == figures


def test_a_quarantined_record_never_repaired_is_not_in_force(truth):
    held = set(_in_force(truth))
    places = {entry["file"]: (entry["feed"], entry["provider"]) for entry in truth["files"]}
    last = truth["files"][-1]["file"]
    lost = [f for f in truth["faults"] if f["severity"] == "critical" and f["kind"] not in {"duplicate_row"}]
    final = [f for f in lost if f["file"] == last and f["record_id"]]
    assert all((*places[f["file"]], f["record_id"]) not in held for f in final)


def test_victims_and_suspects_are_different_persons_and_meet_several_offices(truth):
    feeds = {person["person"]: {feed for feed, _, _ in person["records"]} for person in truth["persons"]}
    for person, met in feeds.items():
        suspected = {"police/suspects", "justice/proceedings"}
        assert met <= suspected if person.startswith("S") else met.isdisjoint(suspected)
    several = sum(len(met) > 1 for person, met in feeds.items() if person.startswith("V"))
    assert several > VICTIMS / 4
    assert sum(person.startswith("V") for person in feeds) > VICTIMS * 0.9


def test_periods_of_figures_lie_in_the_simulated_time(truth):
    periods = {f["keys"]["period"] for f in truth["figures"] if "period" in f["keys"]}
    assert min(periods) >= "2024-01"
    assert max(periods) <= "2025-06"
    assert len(periods) == 18


def test_truth_names_nobody(truth):
    text = json.dumps({key: truth[key] for key in ("files", "faults", "persons", "figures")}, ensure_ascii=False)
    assert not [char for char in text if 0x600 <= ord(char) < 0x700]
    assert str(date(1990, 1, 1).year) not in {part for part in text.split('"') if part.isdigit()}
