"""``make campaign MINUTES=n``: long random tests on a PostgreSQL of their own; exit code 1 if any trial failed."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.campaign.running import campaign
from tests.faults.killing import steps_of_one_load
from tests.integration.station import Station
from tests.servers import fresh_warehouse


def main() -> int:
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=None, help="repeat the chances of an earlier run")
    parser.add_argument("--kills", type=int, default=50, help="loaders killed at least, however long it takes")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    say(f"campaign of {options.minutes:g} minutes, seed {seed}")
    deadline = time.monotonic() + 60 * options.minutes
    with fresh_station() as station:
        steps = steps_of_one_load(station)
        say(f"a load has {steps} steps at which it can be killed")
        left = deadline - time.monotonic()
        score = campaign(station, steps, seed=seed, seconds=left, kills=options.kills, say=say)
    return 1 if score.failed else 0


def say(text: str) -> None:
    """One line of progress, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def fresh_station() -> Iterator[Station]:
    """A station on a server of its own in a temporary folder; all gone at the end."""
    with fresh_warehouse("marsad-campaign-") as (base, url):
        station = Station.build(base / "station", url)
        yield station
        station.close()


if __name__ == "__main__":
    sys.exit(main())
