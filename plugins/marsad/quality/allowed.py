"""Which expectations a suite may hold: types proven by a test to return row ids and no values, used in a safe way.

A row rule is judged once for each distinct combination of the cells it reads, so only types that look at one row at a
time are here (no uniqueness, no z-scores). ``UnexpectedRowsExpectation`` is out: it returns whole rows, 200 at most.
Types are GX 1.24's; each is in ``tests/privacy/test_gx_leaks.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marsad.errors import UsageFault

ROW_TYPES = frozenset(
    {
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_not_be_in_set",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_null",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_match_regex",
        "expect_column_values_to_not_match_regex",
        "expect_column_values_to_match_regex_list",
        "expect_column_values_to_not_match_regex_list",
        "expect_column_value_lengths_to_be_between",
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_column_pair_values_to_be_equal",
        "expect_column_pair_values_to_be_in_set",
        "expect_multicolumn_sum_to_equal",
        "expect_select_column_values_to_be_unique_within_record",
    }
)
DELIVERY_TYPES = frozenset(
    {
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_not_be_in_set",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_null",
        "expect_column_values_to_not_be_null",
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_column_pair_values_to_be_equal",
    }
)
WAREHOUSE_TYPES = frozenset({"expect_column_values_to_be_between"})
TYPES = {"row": ROW_TYPES, "delivery": DELIVERY_TYPES, "warehouse": WAREHOUSE_TYPES}

COLUMN_KWARGS = ("column", "column_A", "column_B")
_CONDITIONS = frozenset({"comparison", "nullity", "and", "or"})
_MISSING = {"column_A": "either_value_is_missing", "column_list": "any_value_is_missing"}


def check_expectation(entry: Mapping[str, Any]) -> None:
    """Raises UsageFault, saying what to change, if GX could not judge the entry safely."""
    rule, scope = entry["meta"]["rule"], entry["meta"]["scope"]
    for fault in _faults(entry["type"], entry["kwargs"], scope):
        raise UsageFault(f"rule '{rule}': {fault}")


def _faults(kind: str, kwargs: Mapping[str, Any], scope: str) -> Iterator[str]:
    if kind not in TYPES[scope]:
        yield f"expectation type '{kind}' may not be used in scope {scope}; allowed: {', '.join(sorted(TYPES[scope]))}"
    if "mostly" in kwargs:
        yield "'mostly' lets broken rows through unseen; leave it out (refuse_above of the contract is the tolerance)"
    for name, needed in _MISSING.items():
        if name in kwargs and kwargs.get("ignore_row_if") != needed:
            yield f"add ignore_row_if: '{needed}' (a missing value is judged by its state, not by this rule)"
    yield from _condition_faults(kwargs.get("row_condition"))


def _condition_faults(condition: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if condition is None:
        return
    if not isinstance(condition, Mapping) or condition.get("type") not in _CONDITIONS:
        yield (
            "row_condition must be written as an object, e.g. "
            '{"type": "comparison", "column": {"name": "minor"}, "operator": "==", "parameter": "yes"}'
        )
        return
    for part in condition.get("conditions", ()):
        yield from _condition_faults(part)


def columns_read(entry: Mapping[str, Any]) -> frozenset[str]:
    """Names of the frame's columns that the verdict depends on: arguments and row condition."""
    kwargs = entry["kwargs"]
    named = {kwargs[name] for name in COLUMN_KWARGS if name in kwargs}
    return frozenset({*named, *kwargs.get("column_list", ()), *_condition_columns(kwargs.get("row_condition"))})


def _condition_columns(condition: Mapping[str, Any] | None) -> Iterator[str]:
    if condition is None:
        return
    if "column" in condition:
        yield condition["column"]["name"]
    for part in condition.get("conditions", ()):
        yield from _condition_columns(part)
