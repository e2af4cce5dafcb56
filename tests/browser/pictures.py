"""The pictures of the documentation, of the real portal: ``python -m tests.browser.pictures`` takes them anew."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from marsad.settings import PROJECT

PICTURES = PROJECT / "docs" / "images"
NAMES = "portal-*.png"
_SIGNATURE = 8  # bytes before the first chunk


def slim(png: bytes) -> bytes:
    """The same picture, better packed than browsers take the time to."""
    place, chunks = _SIGNATURE, []
    while place < len(png):
        size = struct.unpack_from(">I", png, place)[0]
        chunks.append((png[place + 4 : place + 8], png[place + 8 : place + 8 + size]))
        place += size + 12
    pixels = zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT"))
    kept = [chunk for chunk in chunks if chunk[0] in (b"IHDR", b"PLTE", b"tRNS")]
    packed = [*kept, (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    return png[:_SIGNATURE] + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in packed
    )


def main() -> int:
    """Runs the test of the whole loop, which takes them; its exit code."""
    with tempfile.TemporaryDirectory() as out, tempfile.TemporaryDirectory() as base:
        Path(base).chmod(0o711)  # as root, the server is another user
        test = "tests/browser/test_loop.py::test_the_whole_loop"
        command = [sys.executable, "-m", "pytest", "-q", "--basetemp", f"{base}/t", test]
        environment = {**os.environ, "MARSAD_TEST_OUTPUT": out, "MARSAD_BROWSER_REQUIRED": "1"}
        done = subprocess.run(command, cwd=PROJECT, env=environment, check=False)
        PICTURES.mkdir(exist_ok=True)
        for picture in Path(out, "screenshots").glob(NAMES):
            shutil.copyfile(picture, PICTURES / picture.name)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
