"""A sample of the campaign, and that it tells the truth about what failed."""

from __future__ import annotations

import pytest
from tests.campaign.running import campaign
from tests.campaign.trials import OTHERS
from tests.integration.station import Station


@pytest.mark.long  # samples of all kinds stand in tests/faults and tests/integration
def test_each_kind_of_trial_once(station: Station, steps: int):
    lines: list[str] = []
    score = campaign(station, steps, seed=1, seconds=0, kills=5, say=lines.append, once=())
    assert (score.passed, score.failed) == (len(OTHERS) + 5, 0), "\n".join(lines)
    assert score.kills >= 5
    assert lines[-1] == f"{score.passed} passed, 0 failed"
    station.assert_whole()


def test_a_failed_trial_is_told_and_the_others_go_on(station: Station, steps: int):
    def lost(_station, _chance, _steps):
        raise AssertionError("a row is lost")

    def fine(_station, chance, _steps):
        assert chance.random() < 1

    lines: list[str] = []
    score = campaign(station, steps, seed=5, seconds=0, kills=0, say=lines.append, once=(lost,), others=(fine,))
    assert (score.passed, score.failed) == (1, 1)
    assert lines[0].startswith("FAILED lost (chances 5/0)")
    assert "a row is lost" in lines[0]
    assert lines[-1] == "1 passed, 1 failed"
