"""Made-up agencies with a known truth: files as offices send them, and the oracle that says what must come out."""

from marsad.simulation.story import simulate

__all__ = ["simulate"]
