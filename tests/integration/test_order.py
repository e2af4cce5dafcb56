"""The order of arrival does not matter: what counts follows from the set of what was stated."""

from __future__ import annotations

from hypothesis import Phase, given, settings
from tests.integration.histories import assert_any_order, histories
from tests.integration.station import Station


@settings(max_examples=6, phases=[Phase.generate])
@given(histories())
def test_any_order_of_arrival_ends_in_one_state(station: Station, history):
    assert_any_order(station, history)
