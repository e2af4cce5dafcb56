"""From findings to what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.quality_feed import CONTRACT, MESSAGE

from marsad.quality.findings import Broken, Rule
from marsad.quality.refusal import refused_file, refused_rows


def broken(severity, *rows):
    return Broken(Rule("r", severity, "row", None, MESSAGE), np.array(rows, np.int64))


def test_only_critical_rules_refuse_rows():
    flags = refused_rows([broken("critical", 3, 5), broken("warning", 4), broken("info", 6)], np.arange(2, 8))
    assert flags.tolist() == [False, True, False, True, False, False]


def test_nothing_broken_refuses_nothing():
    assert not refused_rows([], np.arange(3)).any()
    assert refused_file(CONTRACT, [], 10, 0) is None


def test_a_file_without_rows_is_refused():
    assert refused_file(CONTRACT, [], 0, 0).rule.id == "file.empty"


def test_a_critical_rule_about_the_whole_file_refuses_it():
    assert refused_file(CONTRACT, [broken("critical")], 10, 0).rule.id == "delivery.refused_rule"
    assert refused_file(CONTRACT, [broken("warning")], 10, 0) is None


@pytest.mark.parametrize(
    ("refused", "verdict"), [(5, None), (6, "delivery.refused_share"), (10, "delivery.refused_share")]
)
def test_the_tolerance_itself_still_passes(refused, verdict):
    reason = refused_file(CONTRACT, [broken("critical", 1)], 10, refused)
    assert (reason.rule.id if reason else None) == verdict
    if reason:
        assert reason.params == {"rows": 10, "refused": refused, "limit": 50}


@given(st.lists(st.tuples(st.sampled_from(["critical", "warning"]), st.sets(st.integers(0, 30))), max_size=5))
def test_a_row_is_refused_exactly_when_a_critical_rule_names_it(found):
    rows = np.arange(31)
    flags = refused_rows([broken(severity, *places) for severity, places in found], rows)
    named = set().union(*(places for severity, places in found if severity == "critical"))
    assert set(rows[flags].tolist()) == named
