"""``python -m bench``: measures, shows a table, writes ``bench.json`` in ``MARSAD_HOME``. Progress on stderr."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Mapping

from bench import linkage, loading, marts, orchestrated, reported, result
from bench.place import Place, place
from bench.result import Result
from marsad.settings import Settings

Benchmark = Callable[[Place, int], Iterator[Result]]

BENCHMARKS: Mapping[str, Benchmark] = {
    "small": loading.small,
    "without": loading.without_identities,
    "with": loading.with_identities,
    "growth": loading.growth,
    "report": reported.report,
    "linkage": linkage.linkage,
    "marts": marts.marts,
    "airflow": orchestrated.airflow,
}
ROWS = 1_000_000


def main() -> None:
    """Runs the chosen benchmarks, all in one fresh warehouse."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="this one (may be repeated)")
    parser.add_argument("--rows", type=int, default=ROWS, help="size of the large file; fewer for a quick look")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # whoever ends us finds everything stopped and removed
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
    settings = Settings.from_env()
    results: list[Result] = []
    with place(settings.home, lambda text: print(text, file=sys.stderr, flush=True)) as here:
        for name in chosen.only or BENCHMARKS:
            results += BENCHMARKS[name](here, chosen.rows)
    result.write(results, settings.home / "bench.json")
    print(result.table(results))


if __name__ == "__main__":
    main()
