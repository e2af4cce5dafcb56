"""The error-to-retry table: what heals by itself is tried again, everything else fails at once and says why."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from marsad.errors import PassingFault, PlatformFault, PolicyRefusal, ProviderFault, UsageFault

RETRIES = 4  # at the most; the ten-minute schedule drains again in any case
RETRY_DELAY = timedelta(seconds=15)

# A worker that is killed raises nothing: the scheduler tries it again, up to RETRIES.
RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(PassingFault, RetryAction.RETRY, RETRY_DELAY, "heals by itself"),
        RetryRule([ConnectionError, TimeoutError], RetryAction.RETRY, RETRY_DELAY, "connection lost"),
        RetryRule(ProviderFault, RetryAction.FAIL, reason="the sender's file: reported back, not tried again"),
        RetryRule(PolicyRefusal, RetryAction.FAIL, reason="a policy forbids it: somebody must decide"),
        RetryRule(UsageFault, RetryAction.FAIL, reason="configuration: somebody must correct it"),
        RetryRule(PlatformFault, RetryAction.FAIL, reason="ours: see docs/runbooks; the next run tries again"),
    ],
    default=RetryAction.FAIL,  # an unknown exception is a bug, which the same input meets again
)
