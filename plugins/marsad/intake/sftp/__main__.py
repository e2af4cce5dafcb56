"""``python -m marsad.intake.sftp``: serves SFTP until told to stop. Started by ``marsad up`` and docker-compose."""

from __future__ import annotations

import asyncio
import json
import logging
import signal

from marsad import durable
from marsad.errors import UsageFault
from marsad.intake.office import utc_now
from marsad.intake.sftp.server import Post, listen
from marsad.settings import Settings
from marsad.warehouse.engine import make_engine

ROLE = "sftp"  # in the database: adds audit events and does nothing else


def address(text: str) -> tuple[str, int]:
    """Host and port of ``host:port``. Raises UsageFault for any other text."""
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) <= 65535):  # noqa: PLR2004 - 16 bits
        raise UsageFault(f"'{text}' is no address to listen on; for example 127.0.0.1:2222")
    return host.strip("[]"), int(port)


async def serve(post: Post, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT; ``run/sftp.json`` says where, since a port that is taken is replaced by another.

    Raises:
        UsageFault: no port of ``host`` can be had.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        acceptor = await listen(post, host, port)
    except UsageFault:
        acceptor = await listen(post, host, 0)
    note = json.dumps({"host": host, "port": acceptor.get_port()})
    durable.write_whole(durable.private_folder(post.settings.place("run")) / "sftp.json", note.encode())
    logging.getLogger(__name__).info("listening on %s:%d", host, acceptor.get_port())
    await stop.wait()
    acceptor.close()
    await acceptor.wait_closed()


def main(settings: Settings) -> None:
    """Serves on the address of the settings, with the database address that ``marsad up`` left in ``run/sftp.url``.

    Raises:
        UsageFault: there is none, or no address to listen on.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("asyncssh").setLevel(logging.WARNING)  # below that it names files
    note = settings.place("run") / f"{ROLE}.url"
    if not note.exists():
        raise UsageFault("run/sftp.url is missing: run 'make up' with MARSAD_SFTP set, which writes it")
    post = Post(settings, make_engine(note.read_text("utf-8").strip()), utc_now)
    asyncio.run(serve(post, *address(settings.sftp or "127.0.0.1:2222")))


if __name__ == "__main__":
    main(Settings.from_env())
