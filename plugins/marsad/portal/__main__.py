"""``python -m marsad.portal``: serves the pages until told to stop. Started by ``marsad up`` and docker-compose."""

from __future__ import annotations

import errno
import json
import socket
import tempfile

import uvicorn

from marsad import durable
from marsad.errors import PlatformFault
from marsad.portal.app import create_app
from marsad.portal.site import Site
from marsad.settings import Settings


def serve(settings: Settings) -> None:
    """Serve on the address that ``marsad up`` chose, else on that of the settings.

    Raises:
        UsageFault: the platform is not up.
        PlatformFault: the address of the settings cannot be listened on.
    """
    note = settings.place("run") / "portal.json"
    chosen = json.loads(note.read_text(encoding="utf-8")) if note.exists() else None
    told = chosen or {"host": settings.portal.host, "port": settings.portal.port}
    # Where bodies of requests wait, without a name.
    tempfile.tempdir = str(durable.private_folder(settings.place("tmp")))
    app = create_app(Site.open(settings))
    listener = listening(told["host"], told["port"], else_any=chosen is not None)
    if chosen:
        port = listener.getsockname()[1]
        durable.write_whole(note, json.dumps({"host": told["host"], "port": port, "bound": True}).encode())
    # An access log would hold addresses of invitations; who did what stands in the audit.
    config = uvicorn.Config(
        app, access_log=False, server_header=False, forwarded_allow_ips=settings.portal.proxies,
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listener])


def listening(host: str, port: int, *, else_any: bool) -> socket.socket:
    """A socket that listens on ``port``, or with ``else_any`` on a free one where somebody took that meanwhile.

    Raises:
        PlatformFault: nobody can listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        if else_any and error.errno == errno.EADDRINUSE:
            return listening(host, 0, else_any=False)
        raise PlatformFault(f"the pages cannot listen on {host}, port {port}: {error.strerror}") from None


if __name__ == "__main__":
    serve(Settings.from_env())
