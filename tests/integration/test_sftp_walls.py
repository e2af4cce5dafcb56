"""The SFTP server against a real client: who gets in, and what nobody may do there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncssh
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.integration.sftp_desk import FAULTY, FEED, FOLDER, GOOD, Desk, put, refused, until

from marsad.intake.sftp import keys
from marsad.intake.sftp.session import Limits
from marsad.intake.sftp.tree import Tree


def test_one_provider_sees_nothing_of_another(served, station):
    ours, theirs = station.sender(), station.sender()
    station.send(FEED, FAULTY, theirs)
    secret = next((station.home / "reports" / theirs).glob("*.receipt.json")).name

    async def story(desk: Desk) -> None:
        desk.admit(ours)
        desk.admit(theirs)
        async with desk.sftp(theirs) as client:
            await put(client, f"{FOLDER}/theirs.csv", GOOD)
            assert secret in await client.listdir("/outbox")
        async with desk.sftp(ours) as client:
            assert await client.listdir("/outbox") == [".", ".."]
            assert await client.listdir(FOLDER) == [".", ".."]
            for path in (
                f"/outbox/{secret}", f"/outbox/../{theirs}/{secret}", f"/reports/{theirs}/{secret}",
                f"/../reports/{theirs}/{secret}", f"{FOLDER}/theirs.csv", f"/inbox/{theirs}/{FEED}/theirs.csv",
            ):  # fmt: skip
                await refused(client.open(path, "rb"))
                await refused(client.stat(path))
        with pytest.raises(asyncssh.PermissionDenied):
            async with desk.signed_in(theirs, client_keys=[desk.keys[ours]]):
                pass

    served(story)


def test_only_a_key_that_was_added_signs_in_and_only_until_it_is_removed(served, station, sender):
    async def story(desk: Desk) -> None:
        fingerprint = desk.admit(sender)
        stranger = asyncssh.generate_private_key("ssh-ed25519")
        for options in (
            {"client_keys": None, "password": "anything"},
            {"client_keys": [stranger]},
            {"username": "../" + sender},
            {"username": "nobody"},
        ):
            with pytest.raises(asyncssh.PermissionDenied):
                async with desk.signed_in(sender, **options):
                    pass
        async with desk.sftp(sender) as client:
            keys.remove(desk.post.keys, sender, fingerprint)
            with pytest.raises(asyncssh.SFTPError):
                await put(client, f"{FOLDER}/late.csv", GOOD)
        with pytest.raises(asyncssh.PermissionDenied):
            async with desk.sftp(sender):
                pass
        assert desk.waiting(sender) == []

    served(story)


def test_there_is_no_shell_no_command_no_scp_and_no_forwarding(served, station, sender):
    async def story(desk: Desk) -> None:
        desk.admit(sender)
        async with desk.signed_in(sender) as connection:
            for asked in ("", "id", f"scp -t {FOLDER}"):
                with pytest.raises(asyncssh.ChannelOpenError):
                    await connection.create_process(asked or None)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection("127.0.0.1", desk.port)
            with pytest.raises(asyncssh.ChannelListenError):
                await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", desk.port)

    served(story)


def test_an_inbox_is_written_never_read_listed_or_changed(served, station, sender):
    async def story(desk: Desk) -> None:
        desk.admit(sender)
        async with desk.sftp(sender) as client:
            path = f"{FOLDER}/mine.csv"
            await put(client, path, GOOD)
            assert await client.listdir(FOLDER) == [".", ".."]
            assert (await client.stat(path)).size == len(GOOD.encode())  # clients look whether all arrived
            for doing in (
                client.open(path, "rb"), client.open(path, "r+"), client.open(path, "ab"), client.remove(path),
                client.rename(path, f"{FOLDER}/other.csv"), client.mkdir(f"{FOLDER}/sub"), client.rmdir(FOLDER),
                client.symlink("/etc/passwd", f"{FOLDER}/link"), client.link(path, f"{FOLDER}/hard"),
                client.readlink(path), client.truncate("/outbox/x.json", 0), client.open("/outbox/x.json", "wb"),
                client.open("/x.csv", "wb"), client.open("/inbox/x.csv", "wb"),
                client.open("/inbox/lab/no/x.csv", "wb"), client.statvfs("/"), client.chmod("/inbox", 0o777),
            ):  # fmt: skip
                await refused(doing)
        assert desk.waiting(sender) == ["mine.csv"]

    served(story)


def test_names_that_escape_hide_or_lie_are_refused(served, station, sender):
    async def story(desk: Desk) -> None:
        desk.admit(sender)
        async with desk.sftp(sender) as client:
            for name in (b".hidden", b"..", b"a\nb.csv", b" x.csv", b"\xff.csv", b"\xe2\x80\xae.csv", b"x" * 201):
                await refused(client.open(FOLDER.encode() + b"/" + name, "wb"))
            await put(client, f"/outbox/../../..{FOLDER}/../visits/./fine.csv", GOOD)
        assert desk.waiting(sender) == ["fine.csv"]

    served(story)
    assert [path.name for path in station.outside.parent.iterdir() if path.name not in {"home", "outside"}] == []


def test_limits_hold(served, station, sender):
    limits = Limits(file_bytes=1000, open_files=2, sessions=1, idle_seconds=4)

    async def story(desk: Desk) -> None:
        desk.admit(sender)
        async with desk.sftp(sender) as client:
            for name in ("large.csv", "large.csv.part"):
                file = await client.open(f"{FOLDER}/{name}", "wb")
                await file.write(b"x" * 1000)
                await refused(file.write(b"x", 1000))
                await refused(file.close())
            await refused(client.rename(f"{FOLDER}/large.csv.part", f"{FOLDER}/renamed.csv"))
            assert desk.waiting(sender) == []
            held = [await client.open(f"{FOLDER}/{n}.csv", "wb") for n in range(2)]
            await refused(client.open(f"{FOLDER}/third.csv", "wb"))
            with pytest.raises(asyncssh.Error):
                async with desk.sftp(sender) as second:
                    await second.listdir("/")
            await asyncio.sleep(4.5)
            with pytest.raises((asyncssh.Error, OSError)):
                await held[0].write(b"x")
        await until(lambda: desk.waiting(sender) == [])

    served(story, limits)


def test_what_cannot_be_audited_does_not_happen(served, station, sender):
    async def story(desk: Desk) -> None:
        desk.admit(sender)
        async with desk.sftp(sender) as client:
            file = await client.open(f"{FOLDER}/dark.csv", "wb")
            await file.write(GOOD.encode())
            desk.post.engine = sa.create_engine("postgresql+psycopg2://nobody@/none?host=/nonexistent")
            await refused(file.close())
        with pytest.raises((asyncssh.Error, OSError)):
            async with desk.sftp(sender) as client:
                await client.listdir("/")
        assert desk.waiting(sender) == []

    served(story)


@given(st.lists(st.sampled_from(["..", ".", "", "inbox", "outbox", "lab", "visits", "x.csv", "etc"]), max_size=8))
def test_no_path_leads_out_of_the_tree(parts: list[str]) -> None:
    tree = Tree(("lab/visits",), Path("/nowhere"))
    path = "/".join(parts).encode()
    try:
        place = tree.place(path)
    except asyncssh.SFTPError:
        return
    assert place.feed in {"lab/visits", None}
    assert "/" not in place.name
