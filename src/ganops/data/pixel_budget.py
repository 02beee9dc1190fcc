"""Bounds the decoded pixels that all threads together hold, so that memory does not grow with cores."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PixelBudget:
    """Pixels that threads acquire and release; a picture larger than the budget acquires all of it.

    Args:
        total: the maximal number of pixels at a time.
    """

    def __init__(self, total: int) -> None:
        self._total = self._left = total
        self._changed = threading.Condition()

    @contextmanager
    def take(self, pixels: int) -> Iterator[None]:
        """Wait until this many pixels are free, and hold them inside the block."""
        taken = min(pixels, self._total)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= taken)
            self._left -= taken
        try:
            yield
        finally:
            with self._changed:
                self._left += taken
                self._changed.notify_all()
