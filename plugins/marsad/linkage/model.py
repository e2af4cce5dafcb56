"""The policy's comparisons as Splink wants them: a settings document with a condition for every level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marsad.errors import UsageFault
from marsad.linkage.policy import Comparison, Level, Policy

LIKENESS = "name_likeness"
"""The SQL function that compares two names as sounds."""

BLANK = "blank"
"""The level of a comparison in which a side says nothing."""

# Columns of the table of records. Blank texts are null there.
_NAMES = {"given_name": "given", "family_name": "family", "whole_name": "whole"}
_TEXTS = {"sex": "sex", "nationality": "nationality", "place": "place", "phone": "phone", "document_number": "document"}
_OWN_BLANKS = {
    # Parted names say it better than the whole; the whole is for a record that does not part them.
    "whole_name": "whole_l IS NULL OR whole_r IS NULL OR"
    " (coalesce(given_l, family_l) IS NOT NULL AND coalesce(given_r, family_r) IS NOT NULL)",
    "birth_date": "birth_year_l IS NULL OR birth_year_r IS NULL OR birth_about_l OR birth_about_r",
    "age": "birth_year_l IS NULL OR birth_year_r IS NULL OR NOT (birth_about_l OR birth_about_r)",
    "reference": "(slips_l IS NULL OR slips_r IS NULL) AND (cases_l IS NULL OR cases_r IS NULL)",
}
# Likeness is the dearest thing computed: pairs with hardly a consonant in common are spared it.
_PLAUSIBLE = "coalesce(jaccard({0}_key_l, {0}_key_r), 1) >= 0.3"
_COMMON = {**_NAMES, "place": "place"}  # not nationality: names tell it already
_AGREE = {"same", "alike", "near"}  # levels where it counts
_KNOWN = "birth_day_l IS NOT NULL AND birth_day_r IS NOT NULL"
_BIRTH = {
    "same": "birth_year_l = birth_year_r AND birth_month_l = birth_month_r AND birth_day_l = birth_day_r",
    "turned": "birth_year_l = birth_year_r AND birth_month_l = birth_day_r AND birth_day_l = birth_month_r",
    "year_only": f"birth_year_l = birth_year_r AND NOT ({_KNOWN})",
    "part": "CAST(birth_year_l = birth_year_r AS INT) + CAST(birth_month_l = birth_month_r AS INT)"
    " + CAST(birth_day_l = birth_day_r AS INT) >= 2",
    "year": "birth_year_l = birth_year_r",
    "near": "abs(birth_year_l - birth_year_r) <= 2",
}
_OWN = {
    "birth_date": _BIRTH,
    "age": {"fits": "abs(birth_year_l - birth_year_r) <= 1", "near": "abs(birth_year_l - birth_year_r) <= 3"},
    "reference": {"slip": "list_has_any(slips_l, slips_r)", "case": "list_has_any(cases_l, cases_r)"},
}


def settings(policy: Policy, prior: float, *, frequencies: bool) -> dict[str, Any]:
    """Splink's settings for comparing records, two of which are of one person by ``prior``.

    ``frequencies``: whether it counts how common names are. Raises UsageFault for a level that has no condition.
    """
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "row",
        "probability_two_random_records_match": prior,
        "blocking_rules_to_generate_predictions": [],
        "comparisons": [_comparison(name, one, frequencies) for name, one in policy.comparisons.items()],
        "retain_intermediate_calculation_columns": True,
        "retain_matching_columns": True,  # with them Splink tells the levels
    }


def frequent(policy: Policy) -> Mapping[str, str]:
    """Columns in which it counts how common a value is, with the comparison of each: names and places."""
    return {_COMMON[name]: name for name in policy.comparisons if name in _COMMON}


def level_names(policy: Policy) -> Mapping[str, Mapping[int, str]]:
    """How Splink numbers the levels of each comparison."""
    return {
        name: {-1: BLANK, **{len(one.levels) - 1 - place: key for place, key in enumerate(one.levels)}}
        for name, one in policy.comparisons.items()
    }


def _comparison(name: str, comparison: Comparison, frequencies: bool) -> dict[str, Any]:
    levels = [{"sql_condition": _blank(name), "is_null_level": True, "label_for_charts": BLANK}]
    return {"output_column_name": name, "comparison_levels": [*levels, *_levels(name, comparison.levels, frequencies)]}


def _levels(name: str, levels: Mapping[str, Level], frequencies: bool) -> Iterator[dict[str, Any]]:
    common = {"tf_adjustment_column": _COMMON[name]} if frequencies and name in _COMMON else {}
    for key, level in levels.items():
        adjusted = common if key in _AGREE else {}
        yield {
            "sql_condition": _condition(name, key, level),
            "label_for_charts": key,
            "m_probability": level.m,
            "u_probability": level.u,
            **adjusted,
        }


def _blank(name: str) -> str:
    if name in _OWN_BLANKS:
        return _OWN_BLANKS[name]
    column = _NAMES.get(name) or _text(name)
    return f"{column}_l IS NULL OR {column}_r IS NULL"


def _text(name: str) -> str:
    if name not in _TEXTS:
        raise UsageFault(f"linkage.yaml: nothing is known to compare as '{name}'")
    return _TEXTS[name]


def _condition(name: str, key: str, level: Level) -> str:
    if key == "other":
        return "ELSE"
    column = _NAMES.get(name)
    if column and level.likeness is not None:
        return f"{_PLAUSIBLE.format(column)} AND {LIKENESS}({column}_l, {column}_r) >= {level.likeness}"
    conditions = _OWN.get(name) or _plain(column or _text(name))
    if key not in conditions:
        raise UsageFault(f"linkage.yaml: {name} has no level '{key}'")
    return conditions[key]


def _plain(column: str) -> Mapping[str, str]:
    return {
        "same": f"{column}_l = {column}_r",
        "near": f"damerau_levenshtein({column}_l, {column}_r) <= 1",
        "turned": "given_key_l = family_key_r AND family_key_l = given_key_r",
    }
