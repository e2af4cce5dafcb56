"""The work of the DAGs in one plain process: ``python -m bench.plain HOME FEED…``, for files in the inbox."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bench.place import settings_of


def main(home: str, *feeds: str) -> None:
    """Receives, loads and refreshes the marts, once the inbox is quiet."""
    from marsad.intake import pipeline
    from marsad.statistics import refresh

    settings = settings_of(Path(home))
    imported = time.perf_counter()
    for feed in feeds:
        while not pipeline.receive_inbox(settings, feed):
            time.sleep(0.1)
        pipeline.drain(settings, feed)
    refresh(settings, sys.stderr.write)
    print(f"{time.perf_counter() - imported:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
