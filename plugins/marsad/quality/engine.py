"""Great Expectations itself, as Marsad drives it: no disk, no network, no progress bars, row numbers and no values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import great_expectations as gx
import numpy as np
from great_expectations.core.batch import Batch
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)

from marsad.errors import PlatformFault
from marsad.quality.findings import RowIds
from marsad.quality.structural import Expectation

# The result format under which GX 1.24 names broken rows and returns no cell. Without unexpected_index_column_names it
# gives positions in the frame, in one step; with them it looks up each row by itself (50 µs a row).
POSITIONS: Mapping[str, Any] = {
    "result_format": "COMPLETE",
    "exclude_unexpected_values": True,
    "partial_unexpected_count": 0,
    "include_unexpected_rows": False,
    "return_unexpected_index_query": False,
}


def quiet_context() -> EphemeralDataContext:
    """A GX context that keeps nothing and tells nobody, whatever the environment says."""
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def frame_batches() -> BatchDefinition:
    """What makes batches of frames in memory."""
    source = quiet_context().data_sources.add_pandas("blocks")
    return source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")


def broken_rows(batch: Batch, entries: Sequence[Expectation], result_format: Mapping[str, Any]) -> dict[str, RowIds]:
    """Rule id -> rows of the batch that break it, for all of ``entries``, as ``result_format`` names rows.

    Raises PlatformFault when GX could not judge a rule, or did not name all the rows it counted.
    """
    suite = gx.ExpectationSuite(name="rules", expectations=[_asked(entry) for entry in entries])
    outcome = batch.validate(suite, result_format=dict(result_format))
    found = {}
    for result in outcome.results:
        rule = result.expectation_config.meta["rule"]  # results come in another order than the suite
        _check_judged(rule, result.exception_info)
        found[rule] = _rows(rule, result.result)
    if len(found) != len(entries):
        raise PlatformFault(f"Great Expectations judged {len(found)} of {len(entries)} rules")
    return found


def _asked(entry: Expectation) -> Expectation:
    """What GX needs of an entry: it copies the rest, texts in three languages, a hundred times for each judgement."""
    return {"type": entry["type"], "kwargs": entry["kwargs"], "meta": {"rule": entry["meta"]["rule"]}}


def _check_judged(rule: str, info: Mapping[str, Any] | None) -> None:
    """GX puts an exception into the result, once flat or once for each metric; its text may quote a cell: not kept."""
    parts: Iterable[Any] = (info or {}).values() if "raised_exception" not in (info or {}) else [info]
    for part in parts:
        if part.get("raised_exception"):
            raise PlatformFault(f"Great Expectations could not judge rule '{rule}': {_kind(part)}")


def _kind(part: Mapping[str, Any]) -> str:
    """Class of the exception: the last line of its traceback up to the colon."""
    last = str(part.get("exception_traceback") or "").strip().rpartition("\n")[2]
    name = last.partition(":")[0]
    return name if name.replace(".", "").replace("_", "").isalnum() else "an exception"


def _rows(rule: str, result: Mapping[str, Any]) -> RowIds:
    named = result.get("unexpected_index_list") or []
    if named and isinstance(named[0], Mapping):  # [{"row": [3, 8, …]}] where a column names the rows
        named = [number for item in named for number in item["row"]]
    counted = result.get("unexpected_count") or 0  # None from SQL when there was no row to judge
    if len(named) != counted:
        raise PlatformFault(f"rule '{rule}': Great Expectations counted {counted} rows and named {len(named)}")
    return np.asarray(named, dtype=np.int64)
