"""The embedded stack's side of the web pages: their port, the database addresses left for them, their health."""

from __future__ import annotations

import urllib.request

from marsad.durable import write_whole
from marsad.runtime.airflow import free_port
from marsad.runtime.files import read_json, write_json
from marsad.settings import Settings
from marsad.warehouse.query import role_url

NOTE = "portal.json"  # in run/: host and port, kept over restarts as long as they are free; bound, once it listens
_ROLES = ("portal", "trial", "opener", "looker")
# In run/, only while the stack is up.
LEFT = (*(f"{role}.url" for role in _ROLES), *(f"{role}.sock" for role in _ROLES[1:]))
_SECONDS = 10


def configure(settings: Settings) -> None:
    """Chooses a port and leaves each process an address that signs in with the rights of its role and no others.

    The pages take another port if this one is taken when they begin to listen, and note it.
    """
    known = read_json(settings.place("run") / NOTE) or {"port": settings.portal.port}
    port = free_port(int(known["port"]))
    write_json(settings.place("run") / NOTE, {"host": settings.portal.host, "port": port})
    for role in _ROLES:
        write_whole(settings.place("run") / f"{role}.url", role_url(settings, role).encode())


def url(settings: Settings) -> str | None:
    """Where browsers find the pages; None before the first start."""
    note = read_json(settings.place("run") / NOTE)
    return settings.portal.url or (f"http://localhost:{note['port']}" if note else None)


def _asked(host: str) -> str:
    """Where pages that listen on ``host`` answer us: an address of all networks is none to ask at."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not listened on here
    return f"[{reached}]" if ":" in reached else reached


def healthy(settings: Settings) -> bool:
    """Whether the pages answer and reach their database."""
    note = read_json(settings.place("run") / NOTE)
    if note is None or not note.get("bound"):  # until then somebody else's pages may answer there
        return False
    try:
        with urllib.request.urlopen(f"http://{_asked(note['host'])}:{note['port']}/health", timeout=_SECONDS) as answer:  # noqa: S310
            return bool(answer.status == 200)  # noqa: PLR2004
    except (OSError, ValueError):
        return False
