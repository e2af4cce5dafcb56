"""Marts and, later, releases: what is made from the warehouse when it changes."""

from marsad.orchestration.statistics import statistics_dag

dag = statistics_dag()
