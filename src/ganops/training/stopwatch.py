"""The seconds of a training. They are told to the tracker alone: no output may depend on a clock."""

import time
from pathlib import Path

from ganops.files import whole_file


class Stopwatch:
    """Runs from now on, on top of what the file says that earlier processes took for the same training.

    What a process took after its last checkpoint is lost with it.
    """

    def __init__(self, file: Path, images_seen: int) -> None:
        self.file, self.images = file, images_seen
        self.before = float(file.read_text(encoding="utf-8")) if file.is_file() else 0.0
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
        with whole_file(self.file) as file:
            file.write_text(f"{self.seconds:.3f}\n", encoding="utf-8")
