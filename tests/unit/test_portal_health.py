"""Whether the pages are asked for their health where they listen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from marsad.errors import PlatformFault
from marsad.portal import __main__ as server
from marsad.runtime import portal
from marsad.runtime.files import write_json
from marsad.settings import Settings


class _Well(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@contextmanager
def listening(host: str) -> Iterator[int]:
    server = HTTPServer((host, 0), _Well)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "0.0.0.0", "localhost"])  # noqa: S104 - a port of a moment
def test_pages_are_well_on_whatever_address_they_listen(tmp_path: Path, host: str) -> None:
    settings = Settings(tmp_path, "", (), ())
    settings.place("run").mkdir(parents=True)
    assert not portal.healthy(settings)
    with listening(host) as port:
        write_json(settings.place("run") / portal.NOTE, {"host": host, "port": port})
        assert not portal.healthy(settings)  # who answers there are not our pages: they do not listen yet
        write_json(settings.place("run") / portal.NOTE, {"host": host, "port": port, "bound": True})
        assert portal.healthy(settings)
    assert not portal.healthy(settings)


def test_pages_take_another_port_where_somebody_was_faster() -> None:
    with listening("127.0.0.1") as port:
        with server.listening("127.0.0.1", port, else_any=True) as ours:
            assert ours.getsockname()[1] != port
        with pytest.raises(PlatformFault, match=f"port {port}"):
            server.listening("127.0.0.1", port, else_any=False)
