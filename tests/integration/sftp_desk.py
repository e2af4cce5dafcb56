"""An SFTP server over a station, and clients with keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncssh
import pytest
import sqlalchemy as sa
from tests.integration.station import Station, visit, visits

from marsad.intake import pipeline
from marsad.intake.sftp import keys
from marsad.intake.sftp.server import Post, listen
from marsad.intake.sftp.session import Limits
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
def sftp_engine(station: Station) -> Iterator[sa.Engine]:
    """The database as the server in production has it: with the rights of its role."""
    engine = make_engine(role_url(station.office.settings, "sftp"))
    yield engine
    engine.dispose()


@pytest.fixture
def served(station: Station, sftp_engine: sa.Engine) -> Callable[..., None]:
    def run(story: Story, limits: Limits = Limits()) -> None:  # noqa: B008 - frozen
        async def told() -> None:
            office = station.office
            post = Post(office.settings, sftp_engine, office.clock, limits)
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


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1200):
        if holds():
            return
        await asyncio.sleep(0.05)
    assert holds()
