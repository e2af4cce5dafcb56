"""Normalising: raw text into value and state. Never a judgement, never a guess."""

from marsad.intake.normalise.fingerprint import row_bytes
from marsad.intake.normalise.normaliser import YEAR_SUFFIX, Normaliser

__all__ = ["YEAR_SUFFIX", "Normaliser", "row_bytes"]
