"""A progress that moves with the pictures, through work of several parts whose total is known in advance."""

from collections import deque

from ganops.data.progress import Progress


class Ticks:
    """Takes a step of a watched iterable for each picture that is done."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._steps = iter(progress(range(total), total))

    def __call__(self, count: int) -> None:
        """`count` more are done."""
        for _ in range(count):
            next(self._steps, None)

    def end(self) -> None:
        """Let whoever watches see the end."""
        deque(self._steps, maxlen=0)
