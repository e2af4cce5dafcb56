"""The stations of the integration tests, for tests that break things."""

import pytest
from tests.faults.killing import steps_of_one_load
from tests.integration.conftest import counted, module_database, sender, station
from tests.integration.station import Station

__all__ = ["counted", "module_database", "sender", "station"]


@pytest.fixture(scope="module")
def steps(station: Station) -> int:
    """How many steps a load has at which it can be killed."""
    return steps_of_one_load(station)
