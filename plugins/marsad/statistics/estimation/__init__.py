"""Estimation: how many people no list knows, by multiple systems estimation from lists that overlap."""

from marsad.statistics.estimation.estimate import Estimation, estimate
from marsad.statistics.estimation.table import OverlapTable, read_table

__all__ = ["Estimation", "OverlapTable", "estimate", "read_table"]
