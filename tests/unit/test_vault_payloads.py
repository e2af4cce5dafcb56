"""What of a row goes to the vault: exactly the JSON that Python would write of its filled cells."""

import json

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from tests.quality_feed import CONTRACT

from marsad.intake.blocks import NormalBlock, RawBlock, State
from marsad.intake.rows import vault_payloads

CELLS = st.one_of(st.just(""), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
ROWS = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8)


def block(rows: list[tuple[str, str]], states: list[State]) -> NormalBlock:
    """``name`` (an identity) and a column that no contract knows; ``sex`` is read as the states say."""
    count = len(rows)
    names, others = (pa.array(cells, pa.string()) for cells in zip(*rows, strict=True))
    raw = RawBlock(
        None,
        pa.table({"c0": names, "c1": others, "c2": pa.array(['say "?"'] * count)}),
        np.arange(2, count + 2),
        np.zeros(count, np.uint8),
    )
    values = {"name": names, "sex": pa.nulls(count, pa.string())}
    marks = {"name": np.zeros(count, np.uint8), "sex": np.array(states, np.uint8)}
    return NormalBlock(raw, values, marks, {"c1": 'Pla"ce'}, {"name": "c0", "sex": "c2"})


@given(rows=ROWS, data=st.data())
def test_payloads_are_the_json_of_what_is_filled(rows: list[tuple[str, str]], data: st.DataObject) -> None:
    states = [data.draw(st.sampled_from([State.BLANK, State.UNMAPPED])) for _ in rows]
    expected = []
    for (name, other), state in zip(rows, states, strict=True):
        cells = {"name": name, "sex": 'say "?"' if state is State.UNMAPPED else "", 'Pla"ce': other}
        filled = {key: cell for key, cell in cells.items() if cell}
        expected.append(filled or None)
    payloads = vault_payloads(CONTRACT, block(rows, states))
    assert [json.loads(payload) if payload else None for payload in payloads.to_pylist()] == expected


def test_control_characters_and_backslashes_survive() -> None:
    odd = 'a\tb\\c"d\x00\u2028é زينب'
    payload = vault_payloads(CONTRACT, block([(odd, "")], [State.BLANK]))[0].as_py()
    assert payload is not None
    assert json.loads(payload) == {"name": odd}
    assert payload == json.dumps({"name": odd}, ensure_ascii=False).encode()
