"""Canary names planted wherever a person may stand in a file: nowhere in clear afterwards, found again with the key."""

from __future__ import annotations

import io
import itertools
import json
import logging
import subprocess
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.faults.killing import killed
from tests.integration.portal_site import signed_in, site_over
from tests.integration.station import VISITS, Station, csv, visit, visits
from tests.privacy.search import dump, find_in_clear, hits_below, spellings
from xlsxwriter import Workbook

from marsad.errors import MarsadError
from marsad.intake import dry_run, pipeline, settle
from marsad.intake.normalise import Normaliser
from marsad.intake.stage import Stage
from marsad.linkage import batch, linker, reasons, review
from marsad.portal.accounts import Right
from marsad.quality import engine as gx_engine
from marsad.quality import rows as quality_rows
from marsad.register import erasure
from marsad.register.refresh import refresh
from marsad.runtime import backup
from marsad.runtime.postgres import Postgres, programs

ROOTS = ("Zqxvarkine", "ظقذفاخثض")  # no word of any language or of the project holds them
FEED = "lab/visits"


class Canaries:
    """Ever new names with the roots, in turns Latin and Arabic."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.given: list[str] = []

    def __call__(self) -> str:
        number = next(self._numbers)
        name = f"{ROOTS[number % 2]} {number}"
        self.given.append(name)
        return name


@pytest.fixture
def canary() -> Canaries:
    return Canaries()


@pytest.fixture
def watched(
    station: Station, tmp_path: Path, capfd: pytest.CaptureFixture, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[], None]]:  # fmt: skip
    """A function that looks into every corner that the work of this test may have written to."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    caplog.set_level(logging.DEBUG)

    def look() -> None:
        url = station.office.settings.warehouse_url or ""
        assert find_in_clear(station.home, dump(url), ROOTS) == []
        told = "".join((*capfd.readouterr(), caplog.text))
        assert find_in_clear(temporary, {"told": told.encode("utf-8", "replace")}, ROOTS) == []

    yield look
    look()


def planted(canary: Canaries, number: str, **changed: str) -> list[object]:
    """A row with a name in its identity, free text and unclassified column."""
    row = {"Nom": canary(), "Récit": f"a vu {canary()}", "Griffonnage": f"tél. {canary()}"}
    return visit(number, **row, **changed)


def with_unknown(canary: Canaries, *rows: list[object]) -> str:
    """The rows with two columns that the contract does not know; one has a name in its title."""
    header = (*VISITS, "Surnom", f"Avis de {canary()}")
    return csv(header, *([*row, canary(), canary()] for row in rows))


def good(canary: Canaries) -> str:
    """Accepted and quarantined rows: names also in cells that are not understood, a copy, a total, an overlong row."""
    twice = planted(canary, "twice")
    rows = [
        *(planted(canary, f"V{n}") for n in range(20)),
        planted(canary, "date", Naissance=f"fille de {canary()}"),
        planted(canary, "code", Sexe=f"F ({canary()})"),
        planted(canary, "number", Enfants=f"2, {canary()}"),
        planted(canary, "met", Rencontre=f"avec {canary()}"),
        planted(canary, ""),
        twice,
        twice,
        planted(canary, "against", Enfants="1"),
        planted(canary, "against"),
        ["Total", canary(), "", "", 31, "", "", "", ""],
    ]
    text = with_unknown(canary, *rows)
    slipped = ";".join(map(str, [*planted(canary, "long"), "", "", canary(), canary()]))
    return f"Liste de {canary()}\r\n\r\n{text}{slipped}\r\n"


def as_json(content: str) -> bytes:
    header, *rows = [line.split(";") for line in content.splitlines()[2:]]
    return json.dumps([dict(zip(header, row, strict=False)) for row in rows], ensure_ascii=False).encode()


def as_workbook(content: str) -> bytes:
    buffer = io.BytesIO()
    with Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for at, line in enumerate(content.splitlines()):
            sheet.write_row(at, 0, line.split(";"))
    return buffer.getvalue()


FORMS: dict[str, Callable[[str], bytes]] = {
    "v.csv": str.encode,
    "v16.csv": lambda text: text.encode("utf-16"),
    "v.json": as_json,
    "v.jsonl": lambda text: b"\n".join(json.dumps(row).encode() for row in json.loads(as_json(text))),
    "v.xlsx": as_workbook,
}


@pytest.mark.parametrize("name", FORMS)
def test_names_of_a_good_file(station: Station, sender: str, canary: Canaries, watched, name: str):
    receipt = station.send(FEED, FORMS[name](good(canary)), sender, name)
    assert receipt["status"] == "accepted_with_findings"
    assert receipt["rows_accepted"] >= 21
    assert receipt["rows_quarantined"] >= 7
    watched()
    opened = "".join(
        text for table in ("vault", "quarantine") for text in station.opened(table, [receipt["delivery_id"]])
    )
    lost = {given for given in canary.given if given not in opened and json.dumps(given)[1:-1] not in opened}
    # Not a row's: the banner. One column's title. In JSON a row cannot be too long.
    assert len(lost) <= (6 if "json" in name else 1)


def test_a_good_file_again_corrected_and_judged_anew(station: Station, sender: str, canary: Canaries, watched):
    content = good(canary)
    first = station.send(FEED, content, sender)
    station.send(FEED, content, sender, "again.csv")
    station.send(FEED, visits(planted(canary, "V1", Envoi="03/03/2024")), sender)
    with station.amended(FEED, "maximum: 30", "maximum: 40"):
        pipeline.rejudge(station.office, first["delivery_id"])
    pipeline.retract(station.office, first["delivery_id"], "tester")
    dry_run.check(station.office, station.file(content), FEED)


BAD: dict[str, tuple[str, Callable[[Canaries], str | bytes]]] = {
    "no titles": ("v.csv", lambda c: csv(planted(c, "1"), planted(c, "2"), planted(c, "3"))),
    "titles of another form": ("v.csv", lambda c: csv((c(), "Nom", c()), (c(), c(), c()), (1, c(), 2))),
    "no number": ("v.csv", lambda c: csv(VISITS[1:], *(planted(c, "")[1:] for _ in range(3)))),
    "all refused": ("v.csv", lambda c: visits(*(planted(c, "") for _ in range(5)))),
    "half a record": ("v.json", lambda c: '[{"Numéro": "1", "Nom": "' + c()),
    "JSON of another kind": ("v.json", lambda c: json.dumps({c(): [c(), {c(): c()}]}, ensure_ascii=False)),
    "half a workbook": ("v.xlsx", lambda c: as_workbook(good(c))[:-400]),
    "one line": ("v.csv", lambda c: c() * 20_000),
    "a text": ("v.csv", lambda c: "\n".join(f"Madame {c()} a dit :" for _ in range(30))),
    "a page": ("v.html", lambda c: f"<html><body><p>{c()}</p></body></html>"),
    "a quotation mark never closed": ("v.csv", lambda c: visits(planted(c, "1")) + f'"{c()}\n' + c() * 10),
    "a text broken into lines": (
        "v.csv",
        lambda c: visits(*(planted(c, str(n)) for n in range(4))).replace("a vu ", "a vu\n"),
    ),
    "a damaged text": (
        "v.csv",
        lambda c: visits(planted(c, "1")).encode() + f"2;{c()};".encode()[:-3] + b"\xff\xfe\0\n",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_names_of_a_bad_file(station: Station, sender: str, canary: Canaries, watched, case: str):
    name, content = BAD[case]
    station.send(FEED, content(canary), sender, name)
    assert canary.given


def crash(station: Station, content: str, sender: str) -> str:
    """Sends what breaks; gives all that a logger could write down of the exception."""
    with pytest.raises(MarsadError) as caught:
        station.send(FEED, content, sender)
    error: BaseException | None = caught.value
    told = [*traceback.format_exception(caught.value)]
    while error is not None:
        told += [repr(error), str(error), repr(error.args)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "".join(told)


def quoting(*args: object, **_kwargs: object) -> None:
    """A bug whose text quotes what it was given."""
    raise ValueError(f"cannot handle {ROOTS} {args[-1]!r}")


def raised_by(state: str) -> str:
    """A trigger that quotes names (put together when it runs, lest its own text be found)."""
    name = " || ".join(f"'{part}'" for part in (ROOTS[0][:4], ROOTS[0][4:], ROOTS[1][:4], ROOTS[1][4:]))
    return f"""CREATE FUNCTION core.fail() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '%', {name} USING DETAIL = {name}, ERRCODE = '{state}'; END $$"""


CRASHES: dict[str, tuple[object, str]] = {
    "normalising": (Normaliser, "block"),
    "judging": (quality_rows.RowJudge, "judge"),
    "a rule inside Great Expectations": (gx_engine, "_check_judged"),
    "staging": (Stage, "copy"),
    "settling": (settle, "write_rows"),
    "answering": (settle, "issue_receipt"),
}


@pytest.mark.parametrize("where", CRASHES)
def test_names_of_a_file_that_meets_a_bug(
    station: Station, sender: str, canary: Canaries, watched, monkeypatch: pytest.MonkeyPatch, where: str
):
    content = good(canary)
    station.office.__dict__.get("_judges", {}).clear()
    with monkeypatch.context() as patch:
        patch.setattr(*CRASHES[where], quoting)
        told = crash(station, content, sender)
    assert find_in_clear(Path("/nonexistent"), {"told": told.encode()}, ROOTS) == []
    watched()
    assert pipeline.drain(station.office.settings, FEED).deliveries == 1


DATABASE = {
    "a row that breaks a constraint": "ALTER TABLE core.victim ADD CONSTRAINT fail CHECK (children > 1000) NOT VALID",
    "an error that quotes": raised_by("22023"),
    "an error that passes": raised_by("40001"),
}


@pytest.mark.parametrize("what", DATABASE)
def test_names_in_an_error_of_the_database(station: Station, sender: str, canary: Canaries, watched, what: str):
    def run(*statements: str) -> None:
        with station.office.engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    trigger = "CREATE TRIGGER fail BEFORE INSERT ON core.victim FOR EACH ROW EXECUTE FUNCTION core.fail()"
    by_function = "FUNCTION" in DATABASE[what]
    run(DATABASE[what], *([trigger] if by_function else []))
    try:
        told = crash(station, good(canary), sender)
    finally:
        run("DROP FUNCTION core.fail() CASCADE" if by_function else "ALTER TABLE core.victim DROP CONSTRAINT fail")
    assert find_in_clear(Path("/nonexistent"), {"told": told.encode()}, ROOTS) == []
    watched()
    assert pipeline.drain(station.office.settings, FEED).deliveries == 1


def test_names_of_a_file_whose_loader_is_killed(station: Station, sender: str, canary: Canaries, watched):
    path = station.file(good(canary))
    for point in (8, 20, 35, 50, 65, 80, 95):
        killed(station, lambda office: pipeline.ingest(office, path, FEED, sender), point=point)
        watched()
    pipeline.ingest(station.office, path, FEED, sender)


def test_names_of_records_that_are_linked(station: Station, canary: Canaries, watched, monkeypatch: pytest.MonkeyPatch):
    senders = station.sender(), station.sender()
    for sender in senders:
        station.send(FEED, visits(*(planted(canary, f"L{n}") for n in range(3))), sender)
    with monkeypatch.context() as patch:
        patch.setattr(batch, "compare", quoting)
        with pytest.raises(MarsadError) as caught:
            linker.link(station.office)
    told = "".join(traceback.format_exception(caught.value))
    assert find_in_clear(Path("/nonexistent"), {"told": told.encode()}, ROOTS) == []
    linker.link(station.office)
    refresh(station.office)
    assert station.one("SELECT count(*) FROM register.person") > 0
    pair = station.rows("SELECT feed, provider, record_id FROM link.record ORDER BY 2, 3 LIMIT 2")
    reasons.why(station.office, *("/".join(row.values()) for row in pair), "fr")
    assert station.one("SELECT count(*) FROM vault.token") > 0
    assert station.one("SELECT count(*) FROM link.pair") > 0


def test_names_of_who_is_erased_and_of_what_is_backed_up(
    station: Station, sender: str, canary: Canaries, watched, tmp_path: Path
):
    station.send(FEED, visits(planted(canary, "E1"), planted(canary, "E1", Sexe="?", Enfants=canary())), sender)
    linker.link(station.office)
    person = station.one("SELECT person_id::text FROM link.record WHERE provider = :p", p=sender)
    backup.backup(station.office, tmp_path / "data", tmp_path / "keys")
    erasure.erase(station.office, person, "own_request", "tester")
    watched()
    moment = backup.restore(station.office, tmp_path / "data", "tester")
    script = subprocess.run([programs() / "pg_restore", "-f-", moment / backup.DUMP], capture_output=True, check=True)
    assert b"COPY vault.record" in script.stdout
    assert find_in_clear(tmp_path, {"dump": script.stdout}, ROOTS) == []


def test_names_that_reviewers_see(station: Station, sender: str, canary: Canaries, watched):
    """Two records that somebody looks at and answers: her name on the page, and nowhere else."""
    name = canary()
    for born in ("13/04/1990", "02/06/1971"):
        station.send(FEED, visits(visit("R1", Nom=name, Naissance=born)), station.sender())
    linker.link(station.office)
    site = site_over(station)
    free = replace(site, policy=replace(site.policy, second_factor=frozenset()))
    reviewer = signed_in(free, sender, Right("reviewer"))
    with free.transaction() as connection:
        connection.execute(sa.text("UPDATE portal.account SET code_seed = 'sealed' WHERE code_seed IS NULL"))
        waiting = review.questions(connection, "nobody", 1000)
    asked = max(waiting, key=lambda one: max(one.place[1:]))
    pair = f"/review/{asked.place.left}-{asked.place.right}"
    assert name not in reviewer.see("/review") + reviewer.see(pair)
    assert name in reviewer.submit(pair, {"reason": "queue"}).text
    assert reviewer.submit(f"{pair}/answer", {"said": "unknown"}).status_code == 303
    assert name not in reviewer.submit(pair, {"reason": "queue"}).text
    free.engine.dispose()


def test_nothing_in_the_files_and_the_log_of_the_server(station: Station, postgres: Postgres):
    """Last, after all of the above: tables, indexes, write-ahead log, spilled files, statistics, server log."""
    with sa.create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT").connect() as server:
        server.execute(sa.text("CHECKPOINT"))
    needles = {
        needle: told for needle, told in spellings(ROOTS).items() if told[1] in {"utf-8", "hex", "json", "base64"}
    }
    assert hits_below(postgres.home, needles) == []
    station.assert_whole()
