"""The SFTP server against a real client: whole files in, receipts out."""

from __future__ import annotations

import asyncio
import json

import asyncssh
import pytest
import sqlalchemy as sa
from tests.integration.sftp_desk import CANARY, FAULTY, FEED, FOLDER, GOOD, Desk, put, refused, until
from tests.integration.station import Station

from marsad.runtime.agent import Sender
from marsad.runtime.prepare import make_logins
from marsad.warehouse.engine import make_engine


def test_a_faulty_file_comes_back_as_receipt_and_report_in_the_outbox(served, station, sender):
    async def story(desk: Desk) -> None:
        desk.admit(sender)
        async with desk.sftp(sender) as client:
            assert sorted(await client.listdir("/")) == [".", "..", "inbox", "outbox"]
            await put(client, f"{FOLDER}/visites.csv", FAULTY)
            assert desk.waiting(sender) == ["visites.csv"]
            await desk.taken(sender)
            assert desk.waiting(sender) == []
            names = [name for name in await client.listdir("/outbox") if not name.startswith(".")]
            found = {name: (await (await client.open(f"/outbox/{name}", "rb")).read()) for name in names}
        receipt = json.loads(next(text for name, text in found.items() if name.endswith(".receipt.json")))
        assert (receipt["file_name"], receipt["rows_read"], receipt["rows_quarantined"]) == ("visites.csv", 3, 1)
        assert {name.split(".", 1)[1] for name in names} == {
            "json", "receipt.json", "fr.html", "ar.html", "en.html"
        }  # fmt: skip
        assert receipt == station.one("SELECT receipt FROM ops.delivery WHERE provider = :p", p=sender)
        assert [name for name, text in found.items() if CANARY.encode() in text] == []

    served(story)
    events = station.rows(
        "SELECT action, object, detail FROM audit.event WHERE actor = :actor ORDER BY seq", actor=f"sftp:{sender}"
    )
    assert [event["action"] for event in events][:2] == ["sftp.signed_in", "sftp.upload"]
    assert events[0]["object"].startswith("SHA256:")
    assert events[1] == {
        "action": "sftp.upload", "object": FEED, "detail": {"bytes": len(FAULTY.encode())}
    }  # fmt: skip
    assert [event["action"] for event in events][2:] == ["sftp.read"] * 5
    assert "visites" not in str(events)
    station.assert_whole()


def test_an_open_feed_is_offered_only_where_it_was_granted(served, station, sender):
    """By one rule with the portal: a contract that names no sender opens nothing by itself."""

    async def story(desk: Desk) -> None:
        desk.admit(sender)
        (desk.post.keys / sender / "feeds").unlink()
        async with desk.sftp(sender) as client:
            assert await client.listdir("/inbox") == [".", ".."]
            assert await refused(put(client, f"{FOLDER}/a.csv", GOOD)) is asyncssh.SFTPNoSuchFile
        desk.admit(sender)
        async with desk.sftp(sender) as client:
            await put(client, f"{FOLDER}/a.csv", GOOD)
        assert desk.waiting(sender) == ["a.csv"]

    served(story)


def test_the_sender_of_the_demo_gets_its_file_in(served, station, sender):
    async def story(desk: Desk) -> None:
        program = await asyncio.to_thread(Sender, f"127.0.0.1:{desk.port}", desk.post.keys, sender, FEED)
        await asyncio.to_thread(program.put, station.file(GOOD, "last.csv"), FEED)
        assert desk.waiting(sender) == ["last.csv"]

    served(story)


def test_the_same_bytes_twice_are_answered_as_duplicate(served, station, sender):
    async def story(desk: Desk) -> None:
        desk.admit(sender)
        async with desk.sftp(sender) as client:
            for name in ("a.csv", "b.csv"):
                await put(client, f"{FOLDER}/{name}", GOOD)
                await desk.taken(sender)
            again = [name for name in await client.listdir("/outbox") if ".again-" in name]
            assert len(again) == 1
            receipt = json.loads(await (await client.open(f"/outbox/{again[0]}")).read())
        assert (receipt["status"], receipt["file_name"], receipt["first"]["file_name"]) == (
            "duplicate", "b.csv", "a.csv",
        )  # fmt: skip

    served(story)
    assert station.one("SELECT count(*) FROM ops.delivery WHERE provider = :p", p=sender) == 1


def test_two_files_of_one_name_are_two_files(served, station, sender):
    async def story(desk: Desk) -> None:
        desk.admit(sender)
        async with desk.sftp(sender) as client:
            for _ in range(2):
                await put(client, f"{FOLDER}/mois.csv", GOOD)
        assert desk.waiting(sender) == ["mois.csv", "mois_2.csv"]

    served(story)


def test_a_connection_that_breaks_in_the_middle_leaves_nothing(served, station, sender):
    async def story(desk: Desk) -> None:
        desk.admit(sender)
        async with desk.signed_in(sender) as connection:
            client = await connection.start_sftp_client()
            file = await client.open(f"{FOLDER}/half.csv", "wb")
            await file.write(GOOD[: len(GOOD) // 2].encode())
            assert [name[-5:] for name in desk.waiting(sender)] == [".part"]
            connection.abort()
            await connection.wait_closed()
        await until(lambda: desk.waiting(sender) == [])

    served(story)


def test_a_client_that_leaves_without_closing_its_file_leaves_nothing(served, station, sender):
    async def story(desk: Desk) -> None:
        desk.admit(sender)
        async with desk.signed_in(sender) as connection:
            client = await connection.start_sftp_client()
            file = await client.open(f"{FOLDER}/half.csv", "wb")
            await file.write(GOOD[: len(GOOD) // 2].encode())
            client.exit()
            await client.wait_closed()
            await until(lambda: desk.waiting(sender) == [])

    served(story)


def test_a_file_under_an_unfinished_name_appears_when_it_is_renamed(served, station, sender):
    async def story(desk: Desk) -> None:
        desk.admit(sender)
        async with desk.sftp(sender) as client:
            await put(client, f"{FOLDER}/big.csv.filepart", GOOD)
            await put(client, f"{FOLDER}/given-up.csv.part", GOOD)
            assert not any(name.startswith(("big", "given")) for name in desk.waiting(sender))
            assert (await client.stat(f"{FOLDER}/big.csv.filepart")).size == len(GOOD.encode())
            await refused(client.rename(f"{FOLDER}/big.csv.filepart", "/outbox/big.csv"))
            await client.rename(f"{FOLDER}/big.csv.filepart", f"{FOLDER}/big.csv")
        await until(lambda: desk.waiting(sender) == ["big.csv"])
        place = station.home / "inbox" / sender / FEED / "big.csv"
        assert place.read_bytes() == GOOD.encode()

    served(story)


def test_a_server_installation_makes_the_login_that_its_address_names(station: Station) -> None:
    settings = station.office.settings
    assert settings.warehouse_url is not None
    note = settings.place("run") / "sftp.url"
    note.parent.mkdir(mode=0o700, exist_ok=True)
    url = sa.make_url(settings.warehouse_url).set(username="marsad_sftp_login", password="chosen by compose")
    note.write_text(url.render_as_string(hide_password=False))
    try:
        make_logins(settings, settings.warehouse_url)
        with make_engine(note.read_text()).connect() as connection:
            assert connection.execute(sa.text("SELECT seq FROM audit.head")).scalar_one() >= 0
            for table in ("audit.event", "ops.delivery", "core.sighting", "ref.code"):
                with pytest.raises(sa.exc.ProgrammingError), connection.begin_nested():
                    connection.execute(sa.text(f"SELECT * FROM {table}"))
    finally:
        note.unlink()
