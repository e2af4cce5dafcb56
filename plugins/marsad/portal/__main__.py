"""``python -m marsad.portal``: serves the pages until told to stop. Started by ``marsad up`` and docker-compose."""

from __future__ import annotations

import json
import tempfile

import uvicorn

from marsad.durable import private_folder
from marsad.portal.app import create_app
from marsad.portal.site import Site
from marsad.settings import Settings


def serve(settings: Settings) -> None:
    """Serve on the address that ``marsad up`` chose, else on that of the settings.

    Raises:
        UsageFault: the platform is not up.
    """
    note = settings.place("run") / "portal.json"
    chosen = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {}
    told = {"host": settings.portal.host, "port": settings.portal.port, **chosen}
    tempfile.tempdir = str(private_folder(settings.place("tmp")))  # where bodies of requests wait, without a name
    app = create_app(Site.open(settings))
    # An access log would hold addresses of invitations; who did what stands in the audit.
    uvicorn.run(
        app, host=told["host"], port=told["port"], access_log=False, server_header=False,
        forwarded_allow_ips=settings.portal.proxies, timeout_graceful_shutdown=5,
    )  # fmt: skip


if __name__ == "__main__":
    serve(Settings.from_env())
