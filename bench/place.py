"""Where a benchmark runs: a home of its own below ``MARSAD_HOME``, with the benchmark's feeds; removed at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.data import write_file
from marsad.contracts.catalog import Catalog, load_catalog
from marsad.runtime import stack
from marsad.runtime.postgres import Postgres
from marsad.settings import Settings

FEEDS = Path(__file__).parent / "feeds"
WITHOUT, WITH = "partner/encounters", "partner/persons"  # identities
Progress = Callable[[str], None]


def settings_of(home: Path) -> Settings:
    """The project's settings with the benchmark's feeds added, for a home of its own and the embedded server."""
    return Settings.from_env(
        {
            "MARSAD_HOME": str(home),
            "MARSAD_CONTRACTS": str(FEEDS / "contracts"),
            "MARSAD_EXPECTATIONS": str(FEEDS / "expectations"),
        }
    )


@dataclass(slots=True, eq=False)
class Place:
    """A warehouse that is up, and files made for it. Every file is another content for another provider."""

    settings: Settings
    server: Postgres
    catalog: Catalog
    say: Progress
    made: int = 0

    def file(self, feed: str, rows: int) -> MadeFile:
        """A new file of the feed; delete it when it was measured, the largest take gigabytes."""
        self.made += 1
        path = self.settings.place("files") / f"{feed.partition('/')[2]}_{rows}_{self.made}.csv"
        path.parent.mkdir(exist_ok=True)
        self.say(f"making {rows:,} rows of {feed}")
        bad = write_file(path, self.catalog.contract(feed), self.catalog.codelists, rows, seed=self.made)
        return MadeFile(path, feed, f"P{self.made}", rows, bad)


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file to be measured with: rows in all, and how many of them must be refused."""

    path: Path
    feed: str
    provider: str
    rows: int
    bad: int


@contextmanager
def place(home: Path, say: Progress) -> Iterator[Place]:
    """A fresh place below ``home``; whatever happens, everything started is stopped and the folder removed."""
    home.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(prefix="bench-", dir=home))
    settings = settings_of(own)
    try:
        server = stack.start_warehouse(settings, say)
        yield Place(settings, server, load_catalog(settings), say)
    finally:
        stack.down(settings, say)
        shutil.rmtree(own)
