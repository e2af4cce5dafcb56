"""The SFTP server: a process of its own that writes to inboxes and reads the outbox. It has no key of landing.

Keys only, one account a provider, no shell, no forwarding, no SCP. Sign-ins, uploads and reports read are audited.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import asyncssh
import sqlalchemy as sa

from marsad import audit
from marsad.contracts.catalog import live_contracts
from marsad.errors import MarsadError, UsageFault
from marsad.intake.sftp import keys
from marsad.intake.sftp.session import Desk, Limits, Log, Session
from marsad.intake.sftp.tree import Tree, feeds_of
from marsad.settings import Settings
from marsad.warehouse.engine import clean_errors

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
_KEEPALIVE_SECONDS = 30


@dataclass(slots=True)
class Post:
    """What all sessions share."""

    settings: Settings
    engine: sa.Engine
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    connections: int = 0
    sessions: Counter[str] = field(default_factory=Counter)

    @property
    def keys(self) -> Path:
        """Where the providers' keys and the host key lie."""
        return self.settings.place("keys") / "sftp"

    def tree(self, provider: str) -> Tree:
        """The tree of a provider, by the contracts as they are now; a wrong contract takes its feed away alone."""
        contracts = live_contracts(self.settings).values()
        feeds = feeds_of(provider, contracts, keys.granted(self.keys, provider))
        return Tree(feeds, self.settings.place("reports") / provider)

    def log(self, provider: str) -> Log:
        """What enters events of a provider in the audit trail."""

        def enter(action: str, object: str, detail: dict[str, int]) -> None:
            with clean_errors(), self.engine.begin() as connection:
                audit.append(connection, f"sftp:{provider}", action, object, detail, self.clock())

        return enter


class Connection(asyncssh.SSHServer):
    """One connection: signs a provider in by its key, and ends when nothing happens."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._connection: asyncssh.SSHServerConnection | None = None
        self._provider = ""
        self._key: asyncssh.SSHKey | None = None
        self._counted = False
        self._idle: asyncio.TimerHandle | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Refuses more connections than the server can serve."""
        self._connection = conn
        self._post.connections += 1
        if self._post.connections > self._post.limits.connections:
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Gives its place free."""
        self._post.connections -= 1
        if self._counted:
            self._post.sessions[self._provider] -= 1
        if self._idle:
            self._idle.cancel()

    def begin_auth(self, username: str) -> bool:
        """Everybody signs in."""
        return True

    def password_auth_supported(self) -> bool:
        """No passwords."""
        return False

    def kbdint_auth_supported(self) -> bool:
        """No questions either."""
        return False

    def public_key_auth_supported(self) -> bool:
        """Keys."""
        return True

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether the key is the provider's; the name of the account is the provider's."""
        known = await asyncio.to_thread(keys.holds, self._post.keys, username, key)
        if known:
            self._provider, self._key = username, key
        else:
            log.info("a key was refused")
        return known

    def auth_completed(self) -> None:
        """Counts the provider's sessions."""
        self._post.sessions[self._provider] += 1
        self._counted = True
        if self._post.sessions[self._provider] > self._post.limits.sessions:
            self._hang_up(asyncssh.DISC_TOO_MANY_CONNECTIONS, "too many sessions")
        self._touch()

    async def desk(self) -> Desk:
        """What a session of the signed-in provider works with; its sign-in is audited first.

        Raises:
            MarsadError: the audit trail cannot be written.
        """
        provider, key = self._provider, self._key
        assert key is not None  # noqa: S101 - only a signed-in connection opens sessions
        enter = self._post.log(provider)
        tree = await asyncio.to_thread(self._post.tree, provider)
        await asyncio.to_thread(enter, "sftp.signed_in", key.get_fingerprint(), {"feeds": len(tree.feeds)})
        return Desk(
            provider, self._post.settings.place("inbox"), tree, self._post.limits, enter,
            admitted=lambda: keys.holds(self._post.keys, provider, key), touch=self._touch,
        )  # fmt: skip

    def _touch(self) -> None:
        if self._idle:
            self._idle.cancel()
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(
            self._post.limits.idle_seconds, self._hang_up, asyncssh.DISC_BY_APPLICATION, "idle"
        )

    def _hang_up(self, code: int, why: str) -> None:
        if self._connection:
            self._connection.disconnect(code, why)


async def _session(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
    connection = channel.get_connection()
    owner = connection.get_owner()
    assert isinstance(owner, Connection)  # noqa: S101 - listen makes no others
    try:
        return Session(channel, await owner.desk())
    except MarsadError as fault:  # what cannot be audited does not happen
        log.warning("a session was refused: %s", fault)
        connection.abort()
        raise asyncssh.SFTPFailure("the platform is not available") from None


async def listen(post: Post, host: str, port: int) -> asyncssh.SSHAcceptor:
    """Begins to serve; port 0 takes a free one.

    Raises:
        UsageFault: the address cannot be had.
    """
    options: dict[str, object] = {
        "server_host_keys": [await asyncio.to_thread(keys.host_key, post.keys)],
        "server_factory": lambda: Connection(post),
        "sftp_factory": _session,
        "sftp_version": 3,
        "allow_scp": False,
        "allow_pty": False,
        "line_editor": False,
        "agent_forwarding": False,
        "x11_forwarding": False,
        "gss_host": None,
        "rdns_lookup": False,
        "login_timeout": post.limits.sign_in_seconds,
        "keepalive_interval": _KEEPALIVE_SECONDS,
        "server_version": "Marsad",
        "config": None,  # nothing of this machine's own sshd
    }
    try:
        return await asyncssh.listen(host, port, **options)
    except OSError:
        raise UsageFault(f"nothing can listen on {host}:{port}") from None
