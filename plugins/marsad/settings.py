"""Where things lie. Read once from the environment and handed on; nothing else looks at ``os.environ``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Settings:
    """Paths and addresses of one installation.

    ``home`` holds all state. ``warehouse_url`` is None for the embedded PostgreSQL. Contract and suite folders are
    searched in order; the project's own come first.
    """

    home: Path
    warehouse_url: str | None
    contract_dirs: tuple[Path, ...]
    expectation_dirs: tuple[Path, ...]
    schemas: Path = PROJECT / "schemas"
    project: Path = PROJECT

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Settings from ``MARSAD_HOME``, ``MARSAD_WAREHOUSE_URL``, ``MARSAD_CONTRACTS``, ``MARSAD_EXPECTATIONS``."""
        return cls(
            home=Path(environ.get("MARSAD_HOME") or PROJECT / ".marsad").absolute(),
            warehouse_url=environ.get("MARSAD_WAREHOUSE_URL") or None,
            contract_dirs=(PROJECT / "schemas" / "contracts", *_folders(environ, "MARSAD_CONTRACTS")),
            expectation_dirs=(PROJECT / "expectations", *_folders(environ, "MARSAD_EXPECTATIONS")),
        )

    def place(self, name: str) -> Path:
        """A folder of ``home`` (pg, airflow, inbox, landing, outbox, reports, keys, audit, logs, run, tmp)."""
        return self.home / name


def _folders(environ: Mapping[str, str], name: str) -> tuple[Path, ...]:
    return tuple(Path(part).absolute() for part in environ.get(name, "").split(os.pathsep) if part)
