"""What a contract may not exceed, since the database could not hold its rows."""

import pytest
from tests.contracts.small_feed import CODELISTS, MODEL, SOUND, write

from marsad.contracts.check import read_contract
from marsad.contracts.feed_rules import MOST_CLEAR


def _more(count: int, classification: str) -> str:
    column = "\n      - name: more_{}\n        logicalType: string" + classification
    return SOUND.rstrip("\n") + "".join(column.format(number) for number in range(count)) + "\n"


@pytest.mark.parametrize(
    ("classification", "more", "too_many"),
    [("\n        classification: public", 0, False), ("\n        classification: public", 1, True), ("", 100, False)],
)
def test_more_columns_in_clear_than_a_row_can_hold_are_told(tmp_path, classification, more, too_many):
    sound, _ = read_contract(write(tmp_path / "sound"), CODELISTS, MODEL)
    clear = sum(not column.vaulted for column in sound.columns)
    path = write(tmp_path / "wide", _more(MOST_CLEAR - clear + more, classification))
    contract, problems = read_contract(path, CODELISTS, MODEL)
    assert (contract is None) == too_many
    assert [str(problem).partition(": ")[2].partition(",")[0] for problem in problems] == (
        [f"{MOST_CLEAR + 1} columns stand in clear"] if too_many else []
    )
