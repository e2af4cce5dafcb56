"""docker-compose.yml and the image, checked by the real compose program; no engine runs here."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from marsad.identity import mirror
from marsad.identity.keys import KeyRing
from marsad.orchestration.due import MAIL_QUEUE
from marsad.orchestration.intake import IDENTITY_QUEUE
from marsad.portal.site import KEYS
from marsad.runtime.airflow import LOCAL_SETTINGS
from marsad.runtime.backup import FILES
from marsad.runtime.postgres import CONFIGURATION
from marsad.runtime.secret_files import LOGINS, make_secrets

PROJECT = Path(__file__).parents[2]
AIRFLOW = {"api-server", "scheduler", "dag-processor", "triggerer", "worker", "worker-identity", "worker-mail"}
SERVERS = {"sftp", "portal", "trial", "opener", "looker", "reader"}  # of our own
HOME = "/var/lib/marsad/"


@pytest.fixture(scope="module")
def compose() -> Path:
    spec = find_spec("compose")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "docker-compose"


@pytest.fixture(scope="module")
def secret_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compose") / "secrets"
    make_secrets(folder)
    return folder


def run(compose: Path, file: Path, secrets: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.defpath, "HOME": "/nonexistent", "MARSAD_SECRETS": str(secrets)}
    command = [str(compose), "--file", str(file), "--project-directory", str(PROJECT), "config", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="module")
def services(compose: Path, secret_folder: Path) -> dict[str, Any]:
    done = run(compose, PROJECT / "docker-compose.yml", secret_folder, "--format", "json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout)["services"])


def test_compose_accepts_the_file(compose: Path, secret_folder: Path) -> None:
    done = run(compose, PROJECT / "docker-compose.yml", secret_folder, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")


def test_compose_would_refuse_a_misspelt_key(compose: Path, secret_folder: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text((PROJECT / "docker-compose.yml").read_text().replace("healthcheck:", "healthchek:", 1))
    assert run(compose, wrong, secret_folder, "--quiet").returncode != 0


def test_all_parts_are_there_with_health_checks(services: dict[str, Any]) -> None:
    assert set(services) == AIRFLOW | SERVERS | {"postgres", "redis", "init"}
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"init"}


def test_postgres_is_not_healthy_before_it_answers_the_network(services: dict[str, Any]) -> None:
    assert "--host=127.0.0.1" in services["postgres"]["healthcheck"]["test"]


def test_airflow_runs_unprivileged_from_one_image_and_waits_for_the_migration(services: dict[str, Any]) -> None:
    images = {services[name]["image"] for name in AIRFLOW | SERVERS | {"init"}}
    assert len(images) == 1
    for name in AIRFLOW | SERVERS:
        service = services[name]
        assert service["user"] == ("10002:10002" if name == "reader" else "10001:10001")
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        if name != "reader":
            assert service["depends_on"]["init"]["condition"] == "service_completed_successfully"
        if name in AIRFLOW:
            assert service["environment"]["AIRFLOW__CORE__AUTH_MANAGER"].endswith("FabAuthManager")


def mounts(service: dict[str, Any]) -> dict[str, bool]:
    """Where something is mounted -> read-only."""
    return {volume["target"]: volume.get("read_only", False) for volume in service.get("volumes", [])}


def test_private_keys_are_mounted_read_only_and_only_where_identities_are_opened(services: dict[str, Any]) -> None:
    private = f"{HOME}keys/private"
    holders = {name: mounts(service)[private] for name, service in services.items() if private in mounts(service)}
    assert holders == {"worker-identity": True, "looker": True}
    whole = {name for name, service in services.items() if f"{HOME}keys" in mounts(service)}
    assert whole == {"init"}  # makes them once, and ends
    assert mounts(services["worker"])[f"{HOME}keys/public"] is True


def test_all_that_belongs_to_the_keys_is_mounted_where_identities_are_opened(
    services: dict[str, Any], tmp_path: Path
) -> None:
    keyring = KeyRing.create(tmp_path / "keys")
    made = {place.name for place in keyring.folder.glob("[!.]*") if place.is_dir()}
    mirror.add(keyring, tmp_path / "copy")
    assert {place.name for place in keyring.folder.glob("[!.]*")} == made, "a file cannot be mounted before it is there"
    read_only = {"public", "private", "copies"}
    assert {place: closed for place, closed in mounts(services["worker-identity"]).items() if "keys" in place} == {
        f"{HOME}keys/{name}": name in read_only for name in made
    }


def test_a_backup_takes_its_files_from_the_service_that_has_all_keys(services: dict[str, Any]) -> None:
    assert set(mounts(services["init"])) == {f"{HOME}{name}" for name in ("keys", "logs", *FILES)}
    for name in FILES:
        assert mounts(services["worker-identity"])[f"{HOME}{name}"] is False


def test_files_are_read_by_another_user_without_network_secrets_or_any_file(services: dict[str, Any]) -> None:
    reader = services["reader"]
    assert reader["network_mode"] == "none"
    assert "secrets" not in reader
    assert "environment" not in reader
    assert mounts(reader) == {"/run/reader": False}
    asking = {name for name, service in services.items() if "MARSAD_READER" in (service.get("environment") or {})}
    assert asking == {"worker-identity", "trial", "opener"}
    for name in asking:
        place = Path(services[name]["environment"]["MARSAD_READER"])
        assert reader["command"] == ["python", "-m", "marsad.intake.reading", str(place)]
        assert mounts(services[name])[str(place.parent)] is True


def test_portal_and_dry_runs_share_uploads_and_have_their_own_logins_and_keys(services: dict[str, Any]) -> None:
    assert mounts(services["portal"]) == {
        f"{HOME}{place}": read_only
        for place, read_only in (("run", False), ("tmp", False), ("inbox", False), ("reports", True),
                                 ("outbox", True), ("keys/public", True), (f"keys/{KEYS}", False))
    }  # fmt: skip
    assert mounts(services["trial"]) == {"/run/reader": True} | {
        f"{HOME}{place}": read_only
        for place, read_only in (("run", False), ("tmp", True), ("keys/public", True),
                              *((f"keys/private/{key}.key", True) for key in ("pseudonym", "fingerprint", "senders")))
    }  # fmt: skip
    assert {place for place in mounts(services["opener"]) if "private" in place} == {
        f"{HOME}keys/private/{key}.key" for key in ("landing", "signing", "senders")
    }  # fmt: skip
    written = {place for place, read_only in mounts(services["opener"]).items() if not read_only}
    assert written == {f"{HOME}run", f"{HOME}audit"}
    assert mounts(services["looker"]) == {
        f"{HOME}{place}": read_only
        for place, read_only in (("run", False), ("audit", False), ("keys/public", True), ("keys/private", True),
                                 ("keys/store", True))
    }  # fmt: skip
    for name, more in (("portal", {"oidc_secret"}), ("trial", set()), ("opener", set()), ("looker", set())):
        urls = {secret["source"]: secret["target"] for secret in services[name]["secrets"]}
        assert urls[f"{name}_url"] == f"{HOME}run/{name}.url"
        assert set(urls) == {f"{name}_url"} | more


def test_each_server_signs_in_as_its_own_role_which_init_makes(services: dict[str, Any], secret_folder: Path) -> None:
    known = {secret["source"] for secret in services["init"]["secrets"]}
    for role in LOGINS:
        address = (secret_folder / f"{role}_url").read_text()
        assert address.startswith(f"postgresql+psycopg2://marsad_{role}_login:")
        assert (secret_folder / f"{role}_password").read_text() in address
        assert f"{role}_url" in known


def test_the_warehouse_is_open_to_workers_only(services: dict[str, Any]) -> None:
    able = {name for name, s in services.items() if any(x["source"] == "warehouse_url" for x in s.get("secrets", []))}
    assert able == {"worker", "worker-identity", "worker-mail", "init"}


def test_sftp_writes_inboxes_reads_reports_and_knows_no_other_key_or_password(services: dict[str, Any]) -> None:
    assert mounts(services["sftp"]) == {
        f"{HOME}inbox": False, f"{HOME}reports": True, f"{HOME}keys/sftp": False
    }  # fmt: skip
    assert [(secret["source"], secret["target"]) for secret in services["sftp"]["secrets"]] == [
        ("sftp_url", f"{HOME}run/sftp.url")
    ]
    assert services["sftp"]["command"] == ["python", "-m", "marsad.intake.sftp"]
    assert services["sftp"]["environment"] == {"MARSAD_SFTP": "0.0.0.0:2222"}


def test_no_worker_that_opens_files_has_a_way_out_and_the_one_that_sends_mail_opens_none(
    services: dict[str, Any],
) -> None:
    out = {name for name, service in services.items() if "outside" in service.get("networks", ())}
    assert out == {"api-server", "worker-mail", "sftp", "portal"}
    assert set(mounts(services["worker-mail"])) == {"/var/lib/marsad/logs"}
    for name in AIRFLOW - {"worker-mail"}:
        assert "smtp_password" not in {secret["source"] for secret in services[name]["secrets"]}


def test_each_queue_of_the_dags_has_its_worker(services: dict[str, Any]) -> None:
    queues = {name: services[name]["command"][services[name]["command"].index("--queues") + 1] for name in services
              if "--queues" in (services[name].get("command") or [])}  # fmt: skip
    assert queues == {"worker": "default", "worker-identity": IDENTITY_QUEUE, "worker-mail": MAIL_QUEUE}


def test_only_pages_and_sftp_are_reachable_and_only_from_this_machine(services: dict[str, Any]) -> None:
    published = {name: [port["host_ip"] for port in service["ports"]] for name, service in services.items()
                 if service.get("ports")}  # fmt: skip
    assert published == dict.fromkeys(("api-server", "sftp", "portal"), ["127.0.0.1"])


def test_no_secret_stands_in_the_file(compose: Path, secret_folder: Path) -> None:
    shown = run(compose, PROJECT / "docker-compose.yml", secret_folder).stdout
    values = [path.read_text() for path in secret_folder.iterdir()]
    assert len(values) >= 12
    assert [value for value in values if value in shown] == []


def test_the_server_logs_by_the_same_rules_as_the_embedded_one(services: dict[str, Any]) -> None:
    given = {flag.removeprefix("-c") for flag in services["postgres"]["command"] if flag.startswith("-clog_")}
    wanted = set(re.findall(r"^(log_(?!timezone)\w+) = '?([^'\n]*?)'?$", CONFIGURATION, re.MULTILINE))
    assert given == {f"{name}={value}" for name, value in wanted}


def test_the_image_preloads_what_the_embedded_scheduler_preloads_and_runs_unprivileged() -> None:
    text = (PROJECT / "Dockerfile").read_text()
    written = re.search(r"printf '([^']*)'", text)
    assert written is not None
    assert written[1].replace("\\n", "\n") == LOCAL_SETTINGS
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1] == "10001:10001"
    assert "--require-hashes -r requirements.lock" in text


def test_secret_files_are_made_once_in_a_closed_folder(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert len(make_secrets(folder)) == 24
    before = {path.name: path.read_text() for path in folder.iterdir()}
    (folder / "jwt_secret").unlink()
    assert make_secrets(folder) == ["jwt_secret"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len((folder / "jwt_secret").read_text()) >= 64
    kept = {name: text for name, text in before.items() if name != "jwt_secret"}
    assert {path.name: path.read_text() for path in folder.iterdir() if path.name != "jwt_secret"} == kept
