"""Commands that calculate on tables an analyst holds in hand."""
# ruff: noqa: PLC0415 - heavy rooms are imported where they are used, as in marsad.cli

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from marsad.settings import Settings
from marsad.terminal import Lang, err, show

if TYPE_CHECKING:
    from marsad.statistics.estimation import Estimation
    from marsad.statistics.estimation.estimate import ModelEstimate

_PUBLISHED = "commission/published_figures"
_VALUES = 6  # figures shown for a finding; --json and --out have all


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

    @app.command()
    def reconcile(
        files: Annotated[
            list[Path] | None, typer.Argument(help="Files of figures; none: those in the warehouse.")
        ] = None,
        feed: Annotated[
            list[str] | None,
            typer.Option(help="Feed of the files: once for all, or once for each.", show_default=_PUBLISHED),
        ] = None,
        country: Annotated[str | None, typer.Option(help="Show what concerns this country alone, e.g. MAR.")] = None,
        out_file: Annotated[
            Path | None, typer.Option("--out", help="Write the table as CSV, in three languages.")
        ] = None,
        lang: Lang = "en",
        as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    ) -> None:
        """Published figures that contradict each other or the warehouse, each with an explanation. Stores nothing."""
        from marsad.linkage.files import check_places
        from marsad.statistics.reconciliation import table

        check_places(files or [], [out_file] if out_file else [])
        told = table(Settings.from_env(), files or [], feed or [_PUBLISHED], country)
        if out_file:
            told.write(out_file)
        rows = [*told.rows(lang)]
        summary = f"{told.figures} figures compared; " + ", ".join(f"{n} {kind}" for kind, n in told.kinds.items())
        document = {"figures": told.figures, "kinds": told.kinds, "contradictions": rows}
        show(as_json, document, "\n".join((*map(_finding_lines, rows), summary)))


def _finding_lines(row: Mapping[str, Any]) -> str:
    head = f"{row['kind']}: {row['country']} {row['period']}, {row['indicator']} ({row['rule']})"
    return "\n".join((head, *(f"    {value}" for value in row["values"][:_VALUES]), f"  {row['explanation']}"))


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
