"""Ctrl-C and SIGTERM: finish the round, write a checkpoint, and only then let the signal do what it does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Which signal came, if one did."""

    received: int | None = None

    def note(self, number: int, frame: FrameType | None) -> None:
        """A signal handler."""
        self.received = number


@contextmanager
def deferred_signals() -> Iterator[Interruption]:
    """Inside, SIGINT and SIGTERM are only noted; at the end the noted one is raised again with its own handler.

    Outside the main thread, where Python allows no handlers, signals go their usual way.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    previous = {number: signal.signal(number, interruption.note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if interruption.received is not None:
        signal.raise_signal(interruption.received)
        raise KeyboardInterrupt  # where the signal's own handler let it pass
