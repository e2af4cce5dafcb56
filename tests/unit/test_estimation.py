"""Estimation: closed formulas, the two checks against each other, tables as people spell them, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.test_cli import marsad

from marsad.errors import UsageFault
from marsad.statistics.estimation import Estimation, OverlapTable, estimate, read_table
from marsad.statistics.estimation.loglinear import fit
from marsad.statistics.estimation.newton import fit_many
from marsad.statistics.estimation.selection import by_aic, by_p_value, downhill_bic
from marsad.statistics.estimation.space import space_of

# Persons by the lists they are on, as bits: A, B, AB, C, AC, BC, ABC.
SEVEN = np.array([40, 30, 6, 20, 5, 4, 2], dtype=np.float64)
TABLE = OverlapTable(("A", "B", "C"), SEVEN.astype(np.int64))


def quiet(_text: str) -> None:
    """Nobody listens."""


def run(*tables: OverlapTable, seed: int = 1, replicates: int = 100) -> Estimation:
    return estimate(tables, np.random.default_rng(seed), quiet, replicates)


def test_models_with_a_closed_formula_give_what_it_gives() -> None:
    a, b, ab, c, ac, bc, abc = SEVEN
    space, formulas = space_of(3), {(0, 1, 2): abc * a * b * c / (ab * ac * bc), (1, 2): a * b / ab}
    for model, unseen in formulas.items():
        assert fit(space, SEVEN, model).estimate == pytest.approx(SEVEN.sum() + unseen, rel=1e-9)
        assert fit_many(space, model, SEVEN[None]).estimate[0] == pytest.approx(SEVEN.sum() + unseen, rel=1e-9)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([3, 4]).flatmap(
        lambda lists: st.tuples(
            st.lists(st.sampled_from([0, 0, 0, 1, 2, 9, 40]), min_size=2**lists - 1, max_size=2**lists - 1),
            st.sets(st.integers(0, lists * (lists - 1) // 2 - 1)),
        )
    )
)
def test_newton_comes_to_rest_just_where_the_programme_and_the_rank_allow_an_estimate(
    case: tuple[list[int], set[int]],
) -> None:
    counts, model = np.array(case[0], dtype=np.float64), tuple(sorted(case[1]))
    if not counts.any():
        return
    space = space_of((len(counts) + 1).bit_length() - 1)
    slow, fast = fit(space, counts, model), fit_many(space, model, counts[None])
    assert bool(fast.valid[0]) == (slow.estimate is not None)
    if slow.estimate is not None:
        assert fast.estimate[0] == pytest.approx(slow.estimate, rel=1e-6)


def test_rules_find_the_pair_that_was_put_in() -> None:
    space, dependent = space_of(4), 4
    expected = 300 * np.exp(space.design @ np.array([0, -1.5, -1.5, -1.5, -1.5, *([0] * 4), 1.8, 0]))
    counts = np.round(expected)[None]
    assert [rule(space, counts).models[0] for rule in (by_p_value, by_aic, downhill_bic)] == [(dependent,)] * 3


def test_the_same_seed_gives_the_same_document() -> None:
    assert run(TABLE) == run(TABLE)
    assert run(TABLE) != run(TABLE, seed=2)


def test_replicates_of_a_linkage_widen_the_interval() -> None:
    missed = OverlapTable(TABLE.lists, np.array([46, 36, 2, 23, 2, 2, 1]))
    alone, other, both = (run(*tables, replicates=400).models[0] for tables in ((TABLE,), (missed,), (TABLE, missed)))
    assert both.estimate == pytest.approx((alone.estimate + other.estimate) / 2)
    assert both.interval[0] < other.interval[0]
    assert both.interval[1] > alone.interval[1]
    with pytest.raises(UsageFault, match="different lists"):
        run(TABLE, OverlapTable(("A", "B", "D"), TABLE.counts))


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ([40, 30, 6, 0, 0, 0, 0], "at least three"),
        ([40, 30, 0, 20, 0, 0, 0], "no two lists share"),
        ([0, 0, 0, 0, 0, 0, 0], "0 lists"),
    ],
)
def test_a_table_that_says_nothing_is_refused(counts: list[int], reason: str) -> None:
    found = run(OverlapTable(("A", "B", "C"), np.array(counts)))
    assert (found.verdict, found.range) == ("refused", None)
    assert reason in found.reason


def persons(counts: np.ndarray) -> str:
    codes = [code for code, count in enumerate(counts, start=1) for _ in range(int(count))]
    return "".join(f"{code & 1},{code >> 1 & 1},{code >> 2 & 1}\n" for code in codes)


SPELLINGS = {
    "count last": "A,B,C,n\n1,0,0,40\n0,1,0,30\n1,1,0,6\n0,0,1,20\n1,0,1,5\n0,1,1,4\n1,1,1,2\n",
    "count first, its own name": "persons;A;B;C\n40;1;0;0\n30;0;1;0\n6;1;1;0\n20;0;0;1\n5;1;0;1\n4;0;1;1\n2;1;1;1\n",
    "histories twice": "A,B,C,Freq\n1,0,0,39\n1,0,0,1\n0,1,0,30\n1,1,0,6\n0,0,1,20\n1,0,1,5\n0,1,1,4\n1,1,1,2\n",
    "truth": "A\tB\tC\tcount\nTRUE\tFALSE\tFALSE\t40\nFALSE\tTRUE\tFALSE\t30\nTRUE\tTRUE\tFALSE\t6\n"
    "FALSE\tFALSE\tTRUE\t20\nTRUE\tFALSE\tTRUE\t5\nFALSE\tTRUE\tTRUE\t4\nTRUE\tTRUE\tTRUE\t2\n",
    "a row a person": "A,B,C\n" + persons(SEVEN),
}


def test_lists_may_be_called_by_numbers(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(SPELLINGS["count last"].replace("A,B,C", "1,2,3"))
    read = read_table(file)
    assert (read.lists, list(read.counts)) == (("1", "2", "3"), list(TABLE.counts))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_one_table_in_many_spellings(tmp_path: Path, spelling: str) -> None:
    file = tmp_path / "table.csv"
    file.write_text(SPELLINGS[spelling])
    read = read_table(file)
    assert (read.lists, list(read.counts)) == (TABLE.lists, list(TABLE.counts))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A,B,C,n\n1,0,0,4\n0,0,0,3\n", "row 2 of the data"),
        ("A,B,C,n\n1,0,0,4\n0,1,0,-3\n", "no count"),
        ("A,B,C,n\n1,0,2,4\n0,1,0,3\n", "only one column"),
        ("who,A,B,C\n1,1,0,0\n2,1,0,0\n3,0,1,0\n", "is who a count"),
        ("A,n\n1,4\n0,0\n", "1 lists"),
        ("1,0,0,4\n0,1,0,3\n0,0,1,3\n", "a row of titles"),
    ],
)
def test_what_is_no_overlap_table_is_one_line_and_exit_64(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    file = tmp_path / "table.csv"
    file.write_text(text)
    assert marsad(monkeypatch, "estimate", file, "--json") == 64
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert told in shown.err


def test_a_refusal_is_a_document_and_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "table.csv"
    file.write_text("A,B,n\n1,0,40\n0,1,30\n1,1,6\n")
    assert marsad(monkeypatch, "estimate", file, "--json") == 2
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["observed", "verdict", "reason", "models", "range"]
    assert (document["observed"], document["verdict"]) == (76, "refused")
