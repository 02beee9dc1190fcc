"""Running means between two logs, and the seconds of a training."""

import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from ganops.errors import CheckpointError
from ganops.files import atomic_write, read_regular

_MAX_BYTES = 100


@dataclass
class RunningMeans:
    """Sums of the scalars since the last log, on the device, and the number of iterations in each."""

    sums: dict[str, Tensor] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def update(self, scalars: dict[str, Tensor]) -> None:
        """Add the scalars of one iteration; a lazy penalty is part of few iterations."""
        for name, value in scalars.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value
            self.counts[name] = self.counts.get(name, 0) + 1

    def pop(self) -> dict[str, float]:
        """Return the means and start again from nothing; one transfer from the device."""
        totals = torch.stack(list(self.sums.values())).tolist()
        means = {name: total / self.counts[name] for name, total in zip(self.sums, totals, strict=True)}
        self.sums, self.counts = {}, {}
        return means


class Stopwatch:
    """Counts the seconds of a training over all of its processes; each resumes from the file.

    Only the tracker receives them: no output may depend on a clock. Seconds after the last checkpoint are not counted
    when the training resumes from it.
    """

    def __init__(self, file: Path, images_seen: int) -> None:
        self.file, self.last_images = file, images_seen
        self.earlier_seconds = _read(file) if file.exists() else 0.0
        self.started = self.last_time = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Return the seconds of the whole training so far."""
        return self.earlier_seconds + time.perf_counter() - self.started

    def rates(self, images_seen: int) -> dict[str, float]:
        """Return the seconds so far, and the images per second since the last call."""
        now = time.perf_counter()
        speed = (images_seen - self.last_images) / (now - self.last_time)
        self.last_images, self.last_time = images_seen, now
        return {"speed/images_per_second": speed, "time/seconds": self.seconds}

    def save(self) -> None:
        """Write the seconds so far."""
        with atomic_write(self.file) as file:
            file.write_text(f"{self.seconds:.3f}\n", encoding="utf-8")


def _read(file: Path) -> float:
    try:
        seconds = float(read_regular(file, _MAX_BYTES))
    except (OSError, ValueError) as error:
        raise _damage_error(file, str(error)) from None
    if not 0 <= seconds < math.inf:
        raise _damage_error(file, str(seconds))
    return seconds


def _damage_error(file: Path, received: str) -> CheckpointError:
    return CheckpointError(
        str(file),
        expected="the seconds that a training has taken",
        received=received,
        remedy="Delete this file to count the seconds from 0; nothing else depends on it.",
    )
