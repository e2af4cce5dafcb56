"""Work in another thread, in order, that ends soon when something fails: what has not begun then never does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def ahead(things: Iterator[T]) -> Iterator[Iterator[T]]:
    """The things, each made in the background while the one before is used; raises what making one raised."""
    with _thread() as pool:

        def made() -> Iterator[T]:
            coming = pool.submit(next, things, None)
            while (thing := coming.result()) is not None:
                coming = pool.submit(next, things, None)
                yield thing

        yield made()


@contextmanager
def behind(work: Callable[[T], None], pending: int | None = None) -> Iterator[Callable[[T], None]]:
    """A function that does ``work`` in the background, in order, and raises what an earlier call raised.

    It waits while ``pending`` calls are not done. All are done when the context ends without an exception.
    """
    waiting: deque[Future[None]] = deque()
    with _thread() as pool:

        def soon(what: T) -> None:
            while waiting and (waiting[0].done() or len(waiting) == pending):
                waiting.popleft().result()
            waiting.append(pool.submit(work, what))

        yield soon
        for future in waiting:
            future.result()


@contextmanager
def _thread() -> Iterator[ThreadPoolExecutor]:
    """Waits at the end for what it is at; its own end would wait for all that was submitted."""
    pool = ThreadPoolExecutor(1)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
