"""The stations of the integration tests, for tests that break things."""

from tests.integration.conftest import counted, module_database, sender, station

__all__ = ["counted", "module_database", "sender", "station"]
