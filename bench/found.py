"""How many of the true pairs between a register and a delivery were found, and how many others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.csv as pa_csv
import sqlalchemy as sa

from marsad.intake.office import Office

Truth = set[tuple[str, str]]  # number in the register, number in the delivery


@dataclass(frozen=True, slots=True)
class Found:
    """Pairs found, those of them that are true, and all that are true."""

    pairs: int
    right: int
    true: int

    @property
    def f1(self) -> float:
        """Of precision and recall."""
        return 2 * self.right / (self.pairs + self.true)

    def __str__(self) -> str:
        precision, recall = self.right / max(1, self.pairs), self.right / self.true
        return f"precision {precision:.4f}, recall {recall:.4f}, F1 {self.f1:.4f} of {self.true} pairs"


def by_marsad(office: Office, truth: Truth, register: str, new: str) -> Found:
    """Who is one person by ``link.person_record``, of the records of two providers."""
    delivery = {number for _, number in truth}
    with office.engine.connect() as connection:
        rows = connection.execute(sa.text(_TOGETHER), {"register": register, "new": new})
        found = {(one, other) for one, other in rows if other in delivery}
    return Found(len(found), len(found & truth), len(truth))


def by_splink(out: Path, truth: Truth) -> Found:
    """The pairs of a file, at the threshold that suits them best."""
    table = pa_csv.read_csv(out)
    chances = table.column("match_probability").to_numpy()
    ids = [table.column(name).to_pylist() for name in ("id_l", "id_r")]
    right = np.fromiter((tuple(sorted(pair)) in truth for pair in zip(*ids, strict=True)), np.bool_, len(chances))
    order = np.argsort(-chances, kind="stable")
    best = np.arange(1, len(order) + 1), np.cumsum(right[order])
    place = int(np.argmax(2 * best[1] / (best[0] + len(truth)))) if len(order) else 0
    return Found(place + 1, int(best[1][place]), len(truth)) if len(order) else Found(0, 0, len(truth))


_TOGETHER = """
    SELECT one.record_id, other.record_id FROM link.record one JOIN link.record other USING (person_id)
    WHERE one.provider = :register AND other.provider = :new
"""
