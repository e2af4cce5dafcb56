"""Secrets for docker-compose as files, made once: ``python -m marsad.runtime.secret_files DIR``.

The folder is closed (0700) and its files are readable (0444): compose hands them to containers as they are, where an
unprivileged user reads them, while on the host nobody else passes the folder.
"""

from __future__ import annotations

import secrets
import sys
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from marsad.durable import open_new, private_folder
from marsad.warehouse.roles import role_name

PASSWORDS = (
    "postgres_password", "marsad_password", "airflow_password", "redis_password", "admin_password", "sftp_password",
    "portal_password", "trial_password", "opener_password", "looker_password",
    "smtp_password", "oidc_secret",  # to be replaced by those of others' servers
)  # fmt: skip
LOGINS = ("sftp", "portal", "trial", "opener", "looker")  # roles of the database that servers of ours sign in as


def make_secrets(folder: Path) -> list[str]:
    """Write each secret that is missing; returns the names of those made. What is there is kept."""
    private_folder(folder)
    folder.chmod(0o700)
    made = [name for name in PASSWORDS if _write_new(folder / name, secrets.token_urlsafe(24))]
    known = {name: (folder / name).read_text(encoding="ascii") for name in PASSWORDS}
    return made + [name for name, text in _derived(known).items() if _write_new(folder / name, text)]


def _derived(known: Mapping[str, str]) -> dict[str, str]:
    airflow = f"airflow:{known['airflow_password']}@postgres/airflow"
    logins = {role: f"{role_name(role)}_login:{known[f'{role}_password']}@postgres/marsad" for role in LOGINS}
    return {
        **{f"{role}_url": f"postgresql+psycopg2://{login}" for role, login in logins.items()},
        "airflow_database_url": f"postgresql+psycopg2://{airflow}",
        "warehouse_url": f"postgresql+psycopg2://marsad:{known['marsad_password']}@postgres/marsad",
        "broker_url": f"redis://:{known['redis_password']}@redis:6379/0",
        "result_backend_url": f"db+postgresql+psycopg2://{airflow}",
        "fernet_key": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "jwt_secret": secrets.token_urlsafe(64),
        "api_secret_key": secrets.token_urlsafe(32),
    }


def _write_new(path: Path, text: str) -> bool:
    try:
        with open_new(path, 0o444) as file:
            file.write(text.encode("ascii"))
    except FileExistsError:
        return False
    return True


if __name__ == "__main__":
    make_secrets(Path(sys.argv[1]))
