"""Commands that calculate on tables an analyst holds in hand."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marsad.terminal import err, show

if TYPE_CHECKING:
    from marsad.statistics.estimation import Estimation
    from marsad.statistics.estimation.estimate import ModelEstimate


def add_to(app: typer.Typer) -> None:
    """Adds the commands to ``app``."""

    @app.command()
    def estimate(
        tables: Annotated[
            list[Path],
            typer.Argument(
                help="Overlap table: a column of 0 and 1 a list, and a count. Several: replicates of one linkage."
            ),
        ],
        replicates: Annotated[
            int, typer.Option(min=100, max=100_000, help="Resampled tables an interval is drawn from.")
        ] = 1000,
        seed: Annotated[int, typer.Option(min=0, help="Same seed, same intervals.")] = 1,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    ) -> None:
        """How many people there are, those on no list included. Exit code 2 if the table allows no estimate."""
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: a second thread doubles the processor time
        import numpy as np

        from marsad.statistics.estimation import estimate as run
        from marsad.statistics.estimation import read_table

        def report(text: str) -> None:
            err.print(f"{text} …", style="dim")

        found = run([read_table(path) for path in tables], np.random.default_rng(seed), report, replicates)
        show(as_json, asdict(found), "\n".join(_lines(found)))
        raise typer.Exit(0 if found.verdict == "ok" else 2)


def _lines(found: Estimation) -> Iterator[str]:
    yield f"{found.observed:,.0f} persons on the lists"
    for model in found.models:
        yield f"  {model.selection:16} {' '.join(model.terms) or 'no pair'}: {_said(model)}"
    if found.range:
        low, high = found.range
        yield f"between {low:,.0f} and {high:,.0f}, depending on the model; none of them is published alone"
    if found.reason:
        yield f"{found.verdict}: {found.reason}" if found.verdict == "refused" else found.reason


def _said(model: ModelEstimate) -> str:
    if model.estimate is None:
        faults = ((model.exists, "has no maximum"), (model.identifiable, "is not identifiable"))
        return "refused, the likelihood " + " and ".join(text for holds, text in faults if not holds)
    limits = f" [{model.interval[0]:,.0f}, {model.interval[1]:,.0f}]" if model.interval else ""
    return f"{model.estimate:,.0f}{limits}"
