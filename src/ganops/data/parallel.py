"""Processes many items with threads; results keep the order of the items, and few items are in flight at any time."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

# Small enough that an interruption discards little work, large enough that submitting costs almost nothing.
_ITEMS_A_TASK = 8
_TASKS_WAITING_EACH = 8
T = TypeVar("T")
R = TypeVar("R")


def map_in_order(work: Callable[[T], R], items: Sequence[T], workers: int) -> Iterator[R]:
    """Yield the result of `work` for each item. An interruption stops the threads within a few items.

    One worker is the caller's own thread.
    """
    if workers == 1:
        yield from map(work, items)
        return
    waiting: deque[Future[list[R]]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for start in range(0, len(items), _ITEMS_A_TASK):
            some = items[start : start + _ITEMS_A_TASK]
            waiting.append(pool.submit(lambda some: [work(item) for item in some], some))
            if len(waiting) > workers * _TASKS_WAITING_EACH:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
