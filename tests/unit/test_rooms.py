"""The order of the rooms holds, as docs/adr/0008-rooms.md says it."""

import subprocess
import sys
from pathlib import Path

from marsad.settings import PROJECT


def test_every_room_imports_only_rooms_further_right() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "kept" in done.stdout
