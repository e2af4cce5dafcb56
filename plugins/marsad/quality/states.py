"""What can be said of a cell and of a row besides its value. Normalising writes these, expectations judge them."""

from __future__ import annotations

from enum import IntEnum

LATEST = "row__latest"
"""The last moment a row can speak of: the end of the day after its file came; days do not begin everywhere at once."""


class State(IntEnum):
    """What normalising found in a cell. Expectations on states make the findings; normalising never judges.

    PLACEHOLDER: a text that the contract lists as standing where a value should (0 for an unknown age, ``<5``).
    FUTURE: a day that had not yet come, in a column whose values no judge sees.
    """

    OK = 0
    BLANK = 1
    UNPARSED = 2
    UNMAPPED = 3
    REPAIRED = 4
    PLACEHOLDER = 5
    FUTURE = 6

    @property
    def word(self) -> str:
        """How suites spell it: ``ok``, ``blank``, ``unparsed``, as above."""
        return self.name.lower()


class Shape(IntEnum):
    """How a row sits in its table: as the header says, longer, shorter, a total row, or not decodable text."""

    OK = 0
    LONG = 1
    SHORT = 2
    TOTAL = 3
    BROKEN = 4

    @property
    def word(self) -> str:
        """How suites spell it: ``ok``, ``long``, ``short``, ``total``, ``broken``."""
        return self.name.lower()
