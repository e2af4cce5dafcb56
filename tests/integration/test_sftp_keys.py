"""Keys of SFTP and the feeds granted with them: what is taken, kept, shown, audited and taken away."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import asyncssh
import pytest
import typer
from tests.integration.station import Station
from typer.testing import CliRunner, Result

from marsad import cli_agencies
from marsad.errors import UsageFault
from marsad.intake.sftp import keys

FEED = "lab/visits"


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda: asyncssh.generate_private_key("ssh-rsa", key_size=2048).export_public_key("openssh"), "3072"),
        (lambda: asyncssh.generate_private_key("ssh-ed25519").export_private_key("openssh"), "private key"),
        (lambda: b"nonsense", "no public key"),
    ],
)
def test_weak_private_and_broken_keys_are_not_taken(tmp_path: Path, made: Callable[[], bytes], told: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(made())
    with pytest.raises(UsageFault, match=told):
        keys.add(tmp_path / "keys", "S1", path)
    assert list((tmp_path / "keys").glob("**/*.pub")) == []


def test_a_key_is_kept_without_its_comment_and_listed(tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519", comment="jane.doe@example.org")
    path = tmp_path / "id.pub"
    path.write_bytes(key.export_public_key("openssh"))
    added = keys.add(tmp_path / "keys", "S1", path)
    assert [(k.provider, k.fingerprint) for k in keys.listed(tmp_path / "keys")] == [("S1", key.get_fingerprint())]
    assert b"jane" not in added.path.read_bytes()
    assert keys.host_key(tmp_path / "keys").get_fingerprint() == keys.host_key(tmp_path / "keys").get_fingerprint()
    with pytest.raises(UsageFault):
        keys.remove(tmp_path / "keys", "S2", key.get_fingerprint())


@pytest.fixture
def command(station: Station, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("MARSAD_HOME", str(station.home))
    app = typer.Typer()
    cli_agencies.add_to(app, lambda: nullcontext(station.office))
    return lambda *words: CliRunner().invoke(app, ["sftp-key", *map(str, words)])


def public_key(station: Station) -> Path:
    return station.file(asyncssh.generate_private_key("ssh-ed25519").export_public_key("openssh"), "key.pub")


def test_a_grant_is_audited_shown_and_goes_with_the_last_key(
    command: Callable[..., Result], station: Station, sender: str
) -> None:
    def shown() -> list[tuple[str, list[str]]]:
        rows = json.loads(command("list", "--json").stdout)
        return [(row["fingerprint"], row["granted"]) for row in rows if row["provider"] == sender]

    first = command("add", sender, public_key(station), "--feed", FEED).stdout.strip()
    second = command("add", sender, public_key(station)).stdout.strip()
    assert sorted(shown()) == sorted([(first, [FEED]), (second, [FEED])])
    command("remove", sender, first)
    assert shown() == [(second, [FEED])]
    command("remove", sender, second)
    third = command("add", sender, public_key(station)).stdout.strip()
    assert shown() == [(third, [])]
    events = "SELECT actor, action, detail::jsonb AS detail FROM audit.event WHERE object = :sender ORDER BY seq"
    added, removed = "sftp.key_added", "sftp.key_removed"
    told = [(added, first, [FEED]), (added, second, []), (removed, first, []), (removed, second, [FEED]),
            (added, third, [])]  # fmt: skip
    assert station.rows(events, sender=sender) == [
        {"actor": getpass.getuser(), "action": action, "detail": {"key": key, "feeds": feeds}}
        for action, key, feeds in told
    ]


def test_a_feed_whose_contract_says_who_sends_it_is_not_granted(
    command: Callable[..., Result], station: Station, sender: str
) -> None:
    with station.amended(FEED, "providers: []", "providers: [ELSEWHERE]"):
        result = command("add", sender, public_key(station), "--feed", FEED)
    assert isinstance(result.exception, UsageFault)
    assert sender not in {key.provider for key in keys.listed(station.home / "keys" / "sftp")}
    assert keys.granted(station.home / "keys" / "sftp", sender) == frozenset()
