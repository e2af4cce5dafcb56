"""The reference of linkage: Splink as its own introduction shows it, ``python -m bench.splink_plain OUT REGISTER NEW``.

Names as they are written, its own comparisons, u from random pairs, m by expectation maximisation, no options. Blocking
is on the birth date, the whole name, and both numbers: its introduction's blocking on one name alone makes hundreds of
millions of pairs here. Prints its seconds, and writes the pairs that it finds with their probabilities.
"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

LEAST = 0.01  # probability: below it no threshold is tried
COLUMNS = ("id", "first_name", "surname", "dob", "sex", "city", "phone", "document")
_NAMES, _BORN = ("first_name", "surname"), "dob"

_TEXTS = pa_csv.ConvertOptions(
    column_types=dict.fromkeys(COLUMNS, pa.string()), strings_can_be_null=True, null_values=[""]
)


def main(out: str, *files: str) -> None:
    """Links ``NEW`` to ``REGISTER``, files of CSV with ``COLUMNS``."""
    started = time.perf_counter()
    database = DuckDBAPI()
    tables = [
        database.register(pa_csv.read_csv(file, convert_options=_TEXTS), dataset_display_name=Path(file).stem)
        for file in files
    ]
    linker = Linker(tables, _settings(), log_level=logging.ERROR)
    training = linker.training
    training.estimate_probability_two_random_records_match([block_on(*_NAMES, _BORN)], recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=1e6)
    for block in (block_on(*_NAMES), block_on(_BORN)):
        training.estimate_parameters_using_expectation_maximisation(block)
    found = linker.inference.predict(threshold_match_probability=LEAST).as_duckdbpyrelation()
    found.project("id_l, id_r, match_probability").write_csv(out)
    print(f"{time.perf_counter() - started:.3f}")


def _settings() -> SettingsCreator:
    return SettingsCreator(
        link_type="link_only",
        unique_id_column_name="id",
        comparisons=[
            cl.JaroWinklerAtThresholds("first_name", [0.9, 0.7]),
            cl.JaroAtThresholds("surname", [0.9, 0.7]),
            cl.DateOfBirthComparison(
                "dob",
                input_is_string=True,
                datetime_format="%d/%m/%Y",
                datetime_metrics=["year", "month"],
                datetime_thresholds=[1, 1],
            ),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            *(cl.ExactMatch(column) for column in ("sex", "phone", "document")),
        ],
        blocking_rules_to_generate_predictions=[
            block_on(_BORN), block_on(*_NAMES), block_on("phone"), block_on("document"),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
