"""The SFTP server against a real client: whole files in, receipts out, nothing else."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.integration.station import Station, visit, visits

from marsad.intake import pipeline
from marsad.intake.sftp import keys
from marsad.intake.sftp.server import Post, listen
from marsad.intake.sftp.session import Limits
from marsad.intake.sftp.tree import Tree
from marsad.runtime.agent import Sender
from marsad.runtime.prepare import make_logins
from marsad.warehouse.engine import make_engine
from marsad.warehouse.query import role_url

FEED = "lab/visits"
FOLDER = f"/inbox/{FEED}"
CANARY = "Zzkanari"
GOOD = visits(visit("V1"), visit("V2"))
FAULTY = visits(visit("V1"), visit(""), visit("V3")).replace("Nom Inventé", CANARY)


@dataclass
class Desk:
    """A server on a free port, and providers with keys."""

    station: Station
    post: Post
    port: int
    keys: dict[str, asyncssh.SSHKey]

    def admit(self, provider: str) -> str:
        """Gives ``provider`` a key, through the file that an administrator would be sent."""
        self.keys[provider] = asyncssh.generate_private_key("ssh-ed25519", comment="somebody@somewhere")
        path = self.station.file(self.keys[provider].export_public_key("openssh"), "key.pub")
        return keys.add(self.post.keys, provider, path, [FEED]).fingerprint

    @asynccontextmanager
    async def signed_in(self, provider: str, **options: Any) -> AsyncIterator[asyncssh.SSHClientConnection]:
        given = {"client_keys": [self.keys[provider]], "username": provider, **options}
        server_key = keys.host_key(self.post.keys).export_public_key("openssh").decode()
        known = asyncssh.import_known_hosts(f"[127.0.0.1]:{self.port} {server_key}")
        async with asyncssh.connect(
            "127.0.0.1", self.port, known_hosts=known, config=None, agent_path=None, **given
        ) as c:
            yield c

    @asynccontextmanager
    async def sftp(self, provider: str) -> AsyncIterator[asyncssh.SFTPClient]:
        async with self.signed_in(provider) as connection, connection.start_sftp_client() as client:
            yield client

    def waiting(self, provider: str) -> list[str]:
        """Every name below the provider's inboxes, hidden ones too."""
        place = self.station.home / "inbox" / provider
        return sorted(path.name for path in place.rglob("*") if path.is_file())

    async def taken(self, provider: str) -> None:
        """What the intake DAG does after the trigger fired."""
        await asyncio.to_thread(pipeline.receive_waiting, self.station.office, FEED, time.time() + 60)
        await asyncio.to_thread(pipeline.drain, self.station.office.settings, FEED)


Story = Callable[[Desk], Awaitable[None]]


@pytest.fixture(scope="module")
def signed_in(station: Station) -> Iterator[sa.Engine]:
    """The database as the server in production has it: with the rights of its role."""
    engine = make_engine(role_url(station.office.settings, "sftp"))
    yield engine
    engine.dispose()


@pytest.fixture
def served(station: Station, signed_in: sa.Engine) -> Callable[..., None]:
    def run(story: Story, limits: Limits = Limits()) -> None:  # noqa: B008 - frozen
        async def told() -> None:
            office = station.office
            post = Post(office.settings, signed_in, office.clock, limits)
            acceptor = await listen(post, "127.0.0.1", 0)
            try:
                await asyncio.wait_for(story(Desk(station, post, acceptor.get_port(), {})), 60)
            finally:
                acceptor.close()
                await acceptor.wait_closed()

        asyncio.run(told())

    return run


async def put(client: asyncssh.SFTPClient, path: str, content: str | bytes) -> None:
    async with client.open(path, "wb") as file:
        await file.write(content.encode() if isinstance(content, str) else content)


async def refused(doing: Awaitable[object]) -> type[asyncssh.SFTPError]:
    with pytest.raises(asyncssh.SFTPError) as fault:
        await doing
    assert "/" not in fault.value.reason
    return type(fault.value)


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
        await _until(lambda: desk.waiting(sender) == [])

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
            await _until(lambda: desk.waiting(sender) == [])

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
        await _until(lambda: desk.waiting(sender) == ["big.csv"])
        place = station.home / "inbox" / sender / FEED / "big.csv"
        assert place.read_bytes() == GOOD.encode()

    served(story)


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
        await _until(lambda: desk.waiting(sender) == [])

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


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(1200):
        if holds():
            return
        await asyncio.sleep(0.05)
    assert holds()


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
