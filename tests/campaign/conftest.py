"""The stations of the integration tests."""

from tests.faults.conftest import steps
from tests.integration.conftest import module_database, sender, station

__all__ = ["module_database", "sender", "station", "steps"]
