"""Airflow's side of the embedded stack: its configuration, its environment, its metadata, its health."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import sysconfig
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from marsad.durable import private_folder, write_whole
from marsad.errors import PlatformFault
from marsad.runtime.files import read_json, write_json
from marsad.settings import PROJECT, Settings

USER = "admin"
PORT = 8080  # tried first; another free one is taken when it is in use
HEALTH = ("dag_processor", "metadatabase", "scheduler", "triggerer")

# GX takes 4-5 CPU seconds to import: done once where tasks fork, not once a task (90 % of a naive run).
LOCAL_SETTINGS = """\
import sys

from marsad.orchestration.preload import preload

preload(sys.argv)
"""


class Airflow:
    """Airflow of one home. Nothing here runs for long; the supervisor keeps the components."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.place("airflow")
        self._secrets = settings.place("keys") / "airflow.json"
        self._note = settings.place("run") / "airflow.json"
        self.password_file = settings.place("keys") / "airflow-password.json"

    @property
    def port(self) -> int | None:
        """Port of the user interface and API; None before the first start."""
        note = read_json(self._note)
        return None if note is None else int(note["port"])

    @property
    def port_taken(self) -> bool:
        """Whether somebody listens on the port that was chosen."""
        return self.port is not None and free_port(self.port) != self.port

    @property
    def url(self) -> str:
        """Address of the user interface."""
        return f"http://localhost:{self.port or PORT}"

    def configure(self, metadata_url: str) -> None:
        """Write ``airflow.cfg``, the password file and the preload module; choose a port."""
        for folder in (self.folder / "config", self.settings.place("logs") / "airflow", self.settings.place("tmp")):
            private_folder(folder)
        write_json(self._note, {"port": free_port(self.port or PORT)})
        known = self._known_secrets()
        write_json(self.password_file, {USER: known["password"]})
        write_whole(self.folder / "config" / "airflow_local_settings.py", LOCAL_SETTINGS.encode())
        write_whole(self.folder / "airflow.cfg", as_ini(self._options(metadata_url, known)).encode())

    def environment(self) -> dict[str, str]:
        """Environment of every component; nothing of the caller's, so that a stray AIRFLOW__ variable is harmless."""
        extra = {
            "MARSAD_CONTRACTS": self.settings.contract_dirs[1:],
            "MARSAD_EXPECTATIONS": self.settings.expectation_dirs[1:],
            "MARSAD_CODELISTS": self.settings.own_codelists,
        }
        return {
            "PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.defpath]),
            "HOME": str(self.folder),
            "TMPDIR": str(self.settings.place("tmp")),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONPATH": str(PROJECT / "plugins"),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AIRFLOW_HOME": str(self.folder),
            "MARSAD_HOME": str(self.settings.home),
            "GX_ANALYTICS_ENABLED": "False",
            "OMP_NUM_THREADS": "1",  # threads do not survive the fork of a task
            "OPENBLAS_NUM_THREADS": "1",
            **({"MARSAD_WAREHOUSE_URL": self.settings.warehouse_url} if self.settings.warehouse_url else {}),
            **{name: os.pathsep.join(map(str, folders)) for name, folders in extra.items() if folders},
            **self.settings.handed_on,
        }

    def migrate(self) -> None:
        """Bring the metadata database to this version of Airflow; skipped when that was done before.

        Raises:
            PlatformFault: it failed.
        """
        done, now = self.folder / "migrated", f"{version('apache-airflow-core')} {self._database_id()}"
        if done.exists() and done.read_text(encoding="utf-8") == now:
            return
        log = self.settings.place("logs") / "airflow-migrate.log"
        with log.open("ab") as output:
            result = subprocess.run(  # noqa: S603 - our own command
                [sys.executable, "-m", "airflow", "db", "migrate"],
                env=self.environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False,
            )  # fmt: skip
        if result.returncode != 0:
            raise PlatformFault(f"Airflow's metadata cannot be prepared: see {log}")
        write_whole(done, now.encode())

    def health(self) -> dict[str, bool]:
        """Health by component; empty when the API does not answer."""
        document = self._get("/api/v2/monitor/health")
        if document is None:
            return {}
        components = {name: (document.get(name) or {}).get("status") == "healthy" for name in HEALTH}
        # Tasks talk to another part of the API, which is only built when it is first asked.
        return {**components, "execution_api": self._get("/execution/health") is not None}

    def _get(self, path: str) -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:  # noqa: S310
                document = json.load(answer)
        except (OSError, ValueError):
            return None
        return document if isinstance(document, dict) else None

    def _database_id(self) -> str:
        """Name of the data folder, so that a new database is migrated again."""
        return str((self.settings.place("pg") / "data").stat().st_ino)

    def _known_secrets(self) -> dict[str, str]:
        known = read_json(self._secrets) or {}
        fresh = {
            "fernet": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "jwt": secrets.token_urlsafe(64),
            "api": secrets.token_urlsafe(32),
            "password": secrets.token_urlsafe(12),
        }
        complete = {**fresh, **known}
        if complete != known:
            write_json(self._secrets, complete)
        return complete

    def _options(self, metadata_url: str, known: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        logs = self.settings.place("logs") / "airflow"
        return {
            "core": {
                "dags_folder": PROJECT / "dags",
                "plugins_folder": PROJECT / "plugins",
                "executor": "LocalExecutor",
                "parallelism": 4,
                "mp_start_method": "fork",
                "load_examples": False,
                "dags_are_paused_at_creation": False,
                "default_timezone": "utc",
                "fernet_key": known["fernet"],
                "simple_auth_manager_users": f"{USER}:admin",
                "simple_auth_manager_passwords_file": self.password_file,
                "execution_api_server_url": f"http://127.0.0.1:{self.port}/execution/",
            },
            "database": {"sql_alchemy_conn": metadata_url, "load_default_connections": False},
            "logging": {
                "base_log_folder": logs,
                "dag_processor_child_process_log_directory": logs / "dag_processor",
                "file_task_handler_new_folder_permissions": "0o700",
                "file_task_handler_new_file_permissions": "0o600",
                "colored_console_log": False,
            },
            "api": {
                "host": "127.0.0.1",
                "port": self.port,
                "base_url": self.url,
                "workers": 1,
                "secret_key": known["api"],
                "expose_config": False,
                "expose_stacktrace": False,
                "instance_name": "Marsad",
            },
            "api_auth": {"jwt_secret": known["jwt"]},
            # The first call to a server that has just started, on a busy machine, takes longer than the default 5 s.
            "workers": {"execution_api_timeout": 60},
            "scheduler": {"scheduler_idle_sleep_time": 0.2, "enable_health_check": False},
            "dag_processor": {
                "refresh_interval": 30,
                "min_file_process_interval": 30,
                "dag_bundle_storage_path": self.settings.place("tmp") / "bundles",
            },
        }


def as_ini(options: Mapping[str, Mapping[str, Any]]) -> str:
    """Options by section as the text of an ini file (``%`` doubled, as Airflow's parser wants it)."""
    lines = ["# Written at every `marsad up`; changes here are lost."]
    for section, values in options.items():
        lines.append(f"\n[{section}]")
        lines.extend(f"{name} = {str(value).replace('%', '%%')}" for name, value in values.items())
    return "\n".join(lines) + "\n"


def free_port(wanted: int) -> int:
    """``wanted`` if nothing listens on it, else a port that the system gives."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as uvicorn does: a port just left is free
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise PlatformFault("no free port on 127.0.0.1 for Airflow's pages")
