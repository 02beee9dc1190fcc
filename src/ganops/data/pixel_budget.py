"""Bounds the decoded pixels that all threads together hold, so that memory does not grow with cores."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Uncounted: so few a thread are no memory, and the lock would cost a small picture as much as its pixels.
_FEW = 1 << 16


class PixelBudget:
    """Pixels that threads acquire and release; a picture larger than the budget acquires all of it, a small one none.

    Args:
        total: the maximal number of pixels at a time.
    """

    def __init__(self, total: int) -> None:
        self._total = self._left = total
        self._changed = threading.Condition()

    @contextmanager
    def take(self, pixels: int) -> Iterator[None]:
        """Wait until this many pixels are free, and hold them inside the block."""
        if pixels <= _FEW < self._total:
            yield
            return
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
