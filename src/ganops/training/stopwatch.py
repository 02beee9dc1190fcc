"""The seconds of a training. They are told to the tracker alone: no output may depend on a clock."""

import math
import time
from pathlib import Path

from ganops.errors import CheckpointError
from ganops.files import atomic_write, read_regular

_MOST_BYTES = 100


class Stopwatch:
    """Runs from now on, on top of what the file says that earlier processes took for the same training.

    What a process took after its last checkpoint is lost with it.
    """

    def __init__(self, file: Path, images_seen: int) -> None:
        self.file, self.images = file, images_seen
        self.before = _read(file) if file.exists() else 0.0
        self.started = self.asked = time.perf_counter()

    @property
    def seconds(self) -> float:
        """All in all."""
        return self.before + time.perf_counter() - self.started

    def told(self, images_seen: int) -> dict[str, float]:
        """All seconds so far, and images per second since the last question."""
        now = time.perf_counter()
        speed = (images_seen - self.images) / (now - self.asked)
        self.images, self.asked = images_seen, now
        return {"speed/images_per_second": speed, "time/seconds": self.seconds}

    def keep(self) -> None:
        """Write all seconds so far."""
        with atomic_write(self.file) as file:
            file.write_text(f"{self.seconds:.3f}\n", encoding="utf-8")


def _read(file: Path) -> float:
    try:
        seconds = float(read_regular(file, _MOST_BYTES))
    except (OSError, ValueError) as error:
        raise _damaged(file, str(error)) from None
    if not 0 <= seconds < math.inf:
        raise _damaged(file, str(seconds))
    return seconds


def _damaged(file: Path, received: str) -> CheckpointError:
    return CheckpointError(
        str(file),
        expected="the seconds that a training has taken",
        received=received,
        remedy="Delete this file to count the seconds from 0; nothing else depends on it.",
    )
