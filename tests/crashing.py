"""Killing a piece of work at every system call that changes the disk, one after the other, in a forked child."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

_CALLS = ("fsync", "write", "pwrite", "truncate", "rename", "replace", "unlink", "mkdir", "open")
_KILLED = 9


def killed_everywhere(prepare: Callable[[int], Callable[[], object]]) -> Iterator[int]:
    """Runs ``prepare(n)()`` killed before its n-th call, for n = 1, 2, …; yields n after each death.

    Ends when the work got through. Nothing of Python's own cleaning up happens in a killed child.
    """
    point = 1
    while _run(prepare(point), point) == _KILLED:
        yield point
        point += 1
    assert point > 3, "the work changed nothing on disk: this test would prove nothing"


def _run(work: Callable[[], object], point: int) -> int:
    child = os.fork()
    if child == 0:
        _kill_at(point)
        code = 1  # should the work raise, which is no death
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, _KILLED}, "the work failed without being killed"
    return code


def _kill_at(point: int) -> None:
    left = point

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os._exit(_KILLED)
            return call(*args, **kwargs)

        return instead

    for name in _CALLS:
        setattr(os, name, dying(getattr(os, name)))
