"""The stations of the integration tests, for tests that look into every corner of them."""

from tests.integration.conftest import module_database, sender, station

__all__ = ["module_database", "sender", "station"]
