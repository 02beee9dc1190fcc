"""Progress of long loops: the caller passes a function that wraps the steps. The domain itself prints nothing."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

# Takes the steps and their number, and yields the same steps.
Progress = Callable[[Iterable[Any], int], Iterable[Any]]
# Takes the number of further samples that are done.
Tick = Callable[[int], None]


def no_progress(steps: Iterable[Any], total: int) -> Iterable[Any]:
    """Return the steps unchanged."""
    return steps


def no_tick(count: int) -> None:
    """Ignore the count."""


class Ticks:
    """Progress through work in several parts whose total number of samples is known in advance."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._steps = iter(progress(range(total), total))

    def __call__(self, count: int) -> None:
        """Advance by `count` samples."""
        for _ in range(count):
            next(self._steps, None)

    def end(self) -> None:
        """Consume the remaining steps, so that the progress reaches its end."""
        deque(self._steps, maxlen=0)
