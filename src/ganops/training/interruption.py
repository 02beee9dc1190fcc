"""Ctrl-C and SIGTERM: finish the iteration, write a checkpoint, and only then let the signal take its effect."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """The number of the signal that was received, or None."""

    received: int | None = None

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Store the signal; a signal handler."""
        self.received = number


@contextmanager
def deferred_signals() -> Iterator[Interruption]:
    """Store SIGINT and SIGTERM inside; on exit raise the stored one again with its own handler.

    Outside the main thread, where Python allows no handlers, signals take their usual effect.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    previous = {number: signal.signal(number, interruption.handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if interruption.received is not None:
        signal.raise_signal(interruption.received)
        raise KeyboardInterrupt  # where the signal's own handler returned
