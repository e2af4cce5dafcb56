"""What a benchmark yields, as ``bench.json`` holds it and as a table for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from marsad.durable import write_whole

MEMORY_LIMIT_MB = 1024  # of an intake worker, at every size of file


@dataclass(frozen=True, slots=True)
class Result:
    """One measured ratio.

    ``holds`` says whether ratio and, with ``limit_mb``, memory are within their limits, and what was done is ``sound``.
    """

    name: str
    seconds: float
    reference: str
    reference_seconds: float
    target: float
    peak_rss_mb: float
    limit_mb: float = float("inf")
    sound: bool = True
    ratio: float = field(init=False)
    holds: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ratio", self.seconds / self.reference_seconds)
        within = self.ratio <= self.target and self.peak_rss_mb <= self.limit_mb
        object.__setattr__(self, "holds", within and self.sound)

    def as_dict(self) -> dict[str, object]:
        """As ``bench.json`` holds it."""
        values = asdict(self)
        order = ("name", "seconds", "reference", "reference_seconds", "ratio", "target", "holds", "peak_rss_mb")
        return {name: round(value, 3) if isinstance(value := values[name], float) else value for name in order}


def write(results: Sequence[Result], path: Path) -> None:
    """Writes ``bench.json``."""
    write_whole(
        path, (json.dumps([result.as_dict() for result in results], ensure_ascii=False, indent=1) + "\n").encode()
    )


def table(results: Sequence[Result]) -> str:
    """One line a result."""
    lines = [f"{'':44} {'seconds':>9} {'reference':>9} {'ratio':>6} {'target':>6} {'peak MB':>8}"]
    for one in results:
        numbers = (
            f"{one.seconds:9.2f} {one.reference_seconds:9.2f} {one.ratio:6.2f} {one.target:6.1f} {one.peak_rss_mb:8.0f}"
        )
        lines.append(f"{one.name:44} {numbers}  {'holds' if one.holds else 'MISSED'}  against {one.reference}")
    return "\n".join(lines)
