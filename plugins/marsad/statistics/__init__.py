"""Statistics: for now the first marts, kept in step with their definitions."""

from marsad.statistics.marts import refresh

__all__ = ["refresh"]
