"""Progress of a long loop: the caller wraps its steps. The domain itself prints nothing."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

# Takes the steps and how many there are, and yields the same steps.
Progress = Callable[[Iterable[Any], int], Iterable[Any]]
# Takes how many more samples are done.
Tick = Callable[[int], None]


def no_progress(steps: Iterable[Any], total: int) -> Iterable[Any]:
    """Return the steps as they are."""
    return steps


def no_tick(count: int) -> None:
    """Ignore the count."""


class Ticks:
    """A progress through work of several parts whose total is known in advance; it advances by samples."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._steps = iter(progress(range(total), total))

    def __call__(self, count: int) -> None:
        """Advance by `count` samples."""
        for _ in range(count):
            next(self._steps, None)

    def end(self) -> None:
        """Consume the remaining steps, so that the progress reaches its end."""
        deque(self._steps, maxlen=0)
