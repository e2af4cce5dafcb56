"""Where things lie. Read once from the environment and handed on; nothing else looks at ``os.environ``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
_MAIL = ("MARSAD_SMTP_URL", "MARSAD_SMTP_PASSWORD_FILE", "MARSAD_SMTP_CA", "MARSAD_MAIL_FROM", "MARSAD_MAIL_ENGINEERS",
         "MARSAD_RUNBOOKS_URL")  # fmt: skip
_RUNBOOKS = "docs/runbooks"  # in the project


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How mail goes out: ``url`` is ``smtp://``, ``smtp+starttls://`` or ``smtps://`` ``[user@]host[:port]``.

    The password of ``user`` lies in a file. ``ca`` holds certificates to trust besides the system's. ``engineers`` are
    told of failures also when the database is away. ``runbooks`` is where mails say that the runbooks are.
    """

    url: str
    sender: str
    password_file: Path | None = None
    ca: Path | None = None
    engineers: tuple[str, ...] = ()
    runbooks: str = _RUNBOOKS


_PORTAL = (
    "MARSAD_PORTAL_URL", "MARSAD_PORTAL_HOST", "MARSAD_PORTAL_PORT", "MARSAD_PORTAL_PROXIES",
    "MARSAD_OIDC_ISSUER", "MARSAD_OIDC_CLIENT", "MARSAD_OIDC_SECRET_FILE",
)  # fmt: skip
_HANDED_ON = (*_MAIL, *_PORTAL, "MARSAD_SFTP")


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """Where the web pages are served and who else may vouch for people.

    ``url`` is what browsers use when a proxy stands before the pages (None: as served). ``proxies`` are network
    addresses whose X-Forwarded-For is believed. ``issuer`` turns sign-in by OpenID Connect on; its client secret is
    read from a file.
    """

    url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8090
    proxies: str = ""
    issuer: str | None = None
    client: str = "marsad"
    secret_file: Path | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> PortalSettings:
        """From ``MARSAD_PORTAL_…`` and ``MARSAD_OIDC_…``."""
        secret = environ.get("MARSAD_OIDC_SECRET_FILE")
        return cls(
            url=(environ.get("MARSAD_PORTAL_URL") or "").rstrip("/") or None,
            host=environ.get("MARSAD_PORTAL_HOST") or "127.0.0.1",
            port=int(environ.get("MARSAD_PORTAL_PORT") or 8090),
            proxies=environ.get("MARSAD_PORTAL_PROXIES", ""),
            issuer=environ.get("MARSAD_OIDC_ISSUER") or None,
            client=environ.get("MARSAD_OIDC_CLIENT") or "marsad",
            secret_file=Path(secret).absolute() if secret else None,
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """Paths and addresses of one installation.

    ``home`` holds all state. ``warehouse_url`` is None for the embedded PostgreSQL. Contract and suite folders are
    searched in order; the project's own come first. ``own_codelists`` are folders of code lists besides the project's.
    ``mail`` is None where nothing can be sent. ``sftp`` is the address
    (``host:port``) to listen on, None for no SFTP. ``reader`` is the socket of a server that reads files as another
    user, None where we start our own. ``handed_on`` are variables that our own processes start with too.
    """

    home: Path
    warehouse_url: str | None
    contract_dirs: tuple[Path, ...]
    expectation_dirs: tuple[Path, ...]
    portal: PortalSettings = PortalSettings()
    schemas: Path = PROJECT / "schemas"
    project: Path = PROJECT
    mail: MailSettings | None = None
    sftp: str | None = None
    reader: Path | None = None
    handed_on: Mapping[str, str] = field(default_factory=dict)
    own_codelists: tuple[Path, ...] = ()

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Settings from ``MARSAD_HOME``, ``MARSAD_WAREHOUSE_URL``, ``MARSAD_CONTRACTS``, ``MARSAD_EXPECTATIONS``.

        Also from ``MARSAD_CODELISTS``, ``MARSAD_PORTAL_…``, ``MARSAD_SFTP``, ``MARSAD_READER`` and those of mail
        (docs/engineers.md).
        """
        return cls(
            home=Path(environ.get("MARSAD_HOME") or PROJECT / ".marsad").absolute(),
            warehouse_url=environ.get("MARSAD_WAREHOUSE_URL") or None,
            contract_dirs=(PROJECT / "schemas" / "contracts", *_folders(environ, "MARSAD_CONTRACTS")),
            expectation_dirs=(PROJECT / "expectations", *_folders(environ, "MARSAD_EXPECTATIONS")),
            portal=PortalSettings.from_env(environ),
            mail=_mail(environ),
            sftp=environ.get("MARSAD_SFTP") or None,
            reader=Path(environ["MARSAD_READER"]) if environ.get("MARSAD_READER") else None,
            own_codelists=_folders(environ, "MARSAD_CODELISTS"),
            handed_on={name: environ[name] for name in _HANDED_ON if environ.get(name)},
        )

    @property
    def codelist_dirs(self) -> tuple[Path, ...]:
        """All folders of code lists, the project's first."""
        return (self.schemas / "codelists", *self.own_codelists)

    def place(self, name: str) -> Path:
        """A folder of ``home`` (pg, airflow, inbox, landing, outbox, reports, keys, audit, logs, run, tmp)."""
        return self.home / name


def _mail(environ: Mapping[str, str]) -> MailSettings | None:
    url, password, ca, sender, engineers, runbooks = (environ.get(name, "") for name in _MAIL)
    if not (url and sender):
        return None
    return MailSettings(
        url=url,
        sender=sender,
        password_file=Path(password) if password else None,
        ca=Path(ca) if ca else None,
        engineers=tuple(one.strip() for one in engineers.split(",") if one.strip()),
        runbooks=runbooks or _RUNBOOKS,
    )


def _folders(environ: Mapping[str, str], name: str) -> tuple[Path, ...]:
    return tuple(Path(part).absolute() for part in environ.get(name, "").split(os.pathsep) if part)
