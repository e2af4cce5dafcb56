"""Staging tables are removed, but nobody waits long for one that a merge still reads."""

from __future__ import annotations

import time
import uuid

import pytest
import sqlalchemy as sa
from tests.integration.station import Station

from marsad.errors import PassingFault
from marsad.intake.stage import Stage, sweep


def test_no_removal_waits_for_who_still_reads(station: Station) -> None:
    office = station.office
    contract = office.contract("lab/visits")
    delivery = str(uuid.uuid4())
    stage, nobodys = Stage(office.engine, contract, delivery, 1), Stage(office.engine, contract, str(uuid.uuid4()), 1)
    stage.create()
    nobodys.create()
    with office.engine.begin() as merging:
        merging.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = '60s'"))  # else a fault here hangs
        merging.execute(sa.text(f"SELECT count(*) FROM {stage.table}"))  # noqa: S608
        began = time.monotonic()
        assert sweep(office.engine) == 1
        with pytest.raises(PassingFault):
            Stage(office.engine, contract, delivery, 2).create()
        with pytest.raises(PassingFault):
            stage.drop()
        assert time.monotonic() - began < 45
    assert sweep(office.engine) == 1
