"""The order of arrival does not matter: what counts follows from the set of what was stated."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from tests.integration.histories import assert_any_order, histories
from tests.integration.station import Station
from tests.integration.versions import CHILDREN, arrive, counting, sequences


@pytest.mark.long
@settings(max_examples=6, phases=[Phase.generate])
@given(histories())
def test_any_order_of_arrival_ends_in_one_state(station: Station, history):
    assert_any_order(station, history)


@settings(max_examples=4, phases=[Phase.generate])
@given(sequences())
def test_five_versions_with_withdrawals_end_in_the_same_tables_in_any_order(station: Station, sequence):
    feed, sent, events = sequence
    provider = station.sender()
    arrive(station, feed, provider, sent, events)
    expected = counting(feed, sent)
    assert station.state(feed, provider, "record_id", "version", CHILDREN[feed]) == expected, (sent, events)
    counted = "SELECT coalesce(sum(records), 0) FROM mart.records WHERE feed = :feed AND provider = :provider"
    assert station.one(counted, feed=feed, provider=provider) == len(expected)
