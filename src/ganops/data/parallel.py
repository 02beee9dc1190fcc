"""Work on many items with threads; results come in the order of the items, and few items are in work at any time."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

# Few enough that little is lost when it is interrupted, many enough that handing them over costs next to nothing.
_ITEMS_A_TASK = 8
_TASKS_WAITING_EACH = 8
T = TypeVar("T")
R = TypeVar("R")


def map_in_order(work: Callable[[T], R], items: Sequence[T], workers: int) -> Iterator[R]:
    """Yield the result of `work` for each item. An interruption stops it within a few items."""
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
