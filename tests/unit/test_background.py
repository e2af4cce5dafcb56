"""Work in another thread: in order and all of it, unless something fails."""

from __future__ import annotations

import threading
import time

import pytest

from marsad.intake.background import ahead, behind


def test_all_is_done_in_order() -> None:
    done: list[int] = []
    with ahead(iter(range(1, 6))) as numbers, behind(done.append) as soon:
        for number in numbers:
            soon(number)
    assert done == [1, 2, 3, 4, 5]


def test_when_one_fails_those_that_wait_are_not_done() -> None:
    begun, all_given = [], threading.Event()

    def work(number: int) -> None:
        begun.append(number)
        all_given.wait(30)
        time.sleep(0.05)
        raise ValueError(number)

    def give() -> None:
        with behind(work) as soon:
            for number in range(1, 100):
                soon(number)
            all_given.set()

    with pytest.raises(ValueError, match="1"):
        give()
    assert len(begun) < 99


def test_who_is_told_to_end_waits_only_for_what_was_begun() -> None:
    done: list[int] = []
    begun, ends = threading.Event(), threading.Event()

    def work(number: int) -> None:
        begun.set()
        ends.wait(30)
        done.append(number)

    def give() -> None:
        with behind(work) as soon:
            for number in range(1, 100):
                soon(number)
            begun.wait(30)
            threading.Timer(0.2, ends.set).start()
            raise SystemExit

    with pytest.raises(SystemExit):
        give()
    assert done == [1]
