"""The error-to-retry table, error by error."""

from __future__ import annotations

import pytest
from airflow.sdk import RetryAction

from marsad import errors
from marsad.orchestration.retry import RETRY_POLICY

HEALS = [errors.PassingFault("database restarting"), ConnectionResetError(), TimeoutError()]
STAYS = [
    errors.ProviderFault("file.empty"),
    errors.PolicyRefusal("forbidden"),
    errors.UsageFault("wrong contract"),
    errors.PlatformFault("disk full"),
    ValueError("a bug"),
    KeyError("a bug"),
]


@pytest.mark.parametrize("error", HEALS, ids=lambda error: type(error).__name__)
def test_what_heals_by_itself_is_tried_again_after_a_pause(error: Exception) -> None:
    decision = RETRY_POLICY.evaluate(error, try_number=1, max_tries=4)
    assert decision.action is RetryAction.RETRY
    assert decision.retry_delay is not None
    assert decision.retry_delay.total_seconds() >= 5


@pytest.mark.parametrize("error", STAYS, ids=lambda error: type(error).__name__)
def test_what_does_not_heal_fails_at_once(error: Exception) -> None:
    assert RETRY_POLICY.evaluate(error, try_number=1, max_tries=4).action is RetryAction.FAIL


def test_every_class_of_the_error_tree_is_in_the_table() -> None:
    for kind in errors.MarsadError.__subclasses__():
        if not kind.__module__.startswith("marsad."):
            continue  # a class that another test made
        decided = [rule for rule in RETRY_POLICY.rules if any(issubclass(kind, spec) for spec in rule._specs)]
        assert decided, f"{kind.__name__} has no rule of its own"


def test_the_reason_names_no_value() -> None:
    decision = RETRY_POLICY.evaluate(errors.PassingFault("canary"), try_number=1, max_tries=4)
    assert "canary" not in (decision.reason or "")
