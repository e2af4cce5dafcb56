"""How the pages are guarded: ``schemas/policies/portal.yaml`` as typed values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from marsad import yaml12
from marsad.intake import due
from marsad.policies import Limit


@dataclass(frozen=True, slots=True)
class Policy:
    """Thresholds; times as durations, sizes in bytes."""

    failures_per_account_and_address: int
    failures_per_account: int
    failures_per_address: int
    failure_window: timedelta
    idle: timedelta
    absolute: timedelta
    invitation: timedelta
    password_characters: int
    second_factor: frozenset[str]
    upload_bytes: int
    upload_kept: timedelta
    uploads_waiting: int
    statement: timedelta  # what a page of statistics asks of the warehouse
    workbooks: Limit  # marked workbooks of settled deliveries, of one account
    zone: ZoneInfo  # whose clock pages show: the one whose days count for what is due


def load_policy(schemas: Path) -> Policy:
    """The policy of an installation."""
    document = yaml12.load(schemas / "policies" / "portal.yaml")
    sign_in, session, upload = document["sign_in"], document["session"], document["upload"]
    return Policy(
        failures_per_account_and_address=sign_in["failures_per_account_and_address"],
        failures_per_account=sign_in["failures_per_account"],
        failures_per_address=sign_in["failures_per_address"],
        failure_window=timedelta(minutes=sign_in["window_minutes"]),
        idle=timedelta(minutes=session["idle_minutes"]),
        absolute=timedelta(hours=session["absolute_hours"]),
        invitation=timedelta(hours=document["invitation_hours"]),
        password_characters=document["password_characters"],
        second_factor=frozenset(document["second_factor"]),
        upload_bytes=upload["megabytes"] * 1_000_000,
        upload_kept=timedelta(minutes=upload["kept_minutes"]),
        uploads_waiting=upload["waiting"],
        statement=timedelta(seconds=document["statement_seconds"]),
        workbooks=Limit.model_validate(document["workbooks"]),
        zone=ZoneInfo(due.load_policy(schemas).timezone),
    )
