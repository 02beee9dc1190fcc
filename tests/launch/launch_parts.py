"""Trackers for workers of the tests: a worker imports them by name in a process of its own."""

import os
import signal
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil

from ganops.data.store import Store
from ganops.launch.launch import launch_training
from ganops.training.tracker import NullTracker
from ganops.training_config import TrainingParameters


class Written:
    """The lines of a FileTracker: process and images seen."""

    def __init__(self, file):
        rows = [line.split() for line in file.read_text().splitlines()]
        self.pids, self.images_seen = [int(row[0]) for row in rows], [int(row[1]) for row in rows]


class FileTracker(NullTracker):
    """Writes a line to a file at the start and at each point of the curves that comes after it."""

    def __init__(self, file):
        self.file, self.started = file, False

    def start(self, images_seen, total_images):
        self.started = True
        self.write(images_seen)

    def log_metrics(self, images_seen, values):
        if self.started:
            self.write(images_seen)

    def write(self, images_seen):
        with self.file.open("a") as lines:
            lines.write(f"{os.getpid()} {images_seen}\n")


class KillingTracker(FileTracker):
    """Kills the other worker the first time that `at` images are seen."""

    def __init__(self, file, at):
        super().__init__(file)
        self.at = at

    def write(self, images_seen):
        super().write(images_seen)
        if images_seen == self.at and Written(self.file).images_seen.count(self.at) == 1:
            siblings = psutil.Process(os.getppid()).children()
            (other,) = [
                process
                for process in siblings
                if process.pid != os.getpid() and "spawn_main" in " ".join(process.cmdline())
            ]
            other.send_signal(signal.SIGKILL)


@contextmanager
def file_tracker(file):
    yield FileTracker(file)


@contextmanager
def killing_tracker(file, at):
    yield KillingTracker(file, at)


@contextmanager
def tracker_that_writes_the_mlflow_uri(file):
    file.write_text(os.environ.get("MLFLOW_TRACKING_URI", "unknown"))
    yield NullTracker()


def main():
    store, checkpoints, file = map(Path, sys.argv[1:])
    sizes = {
        "recipe": "r3gan",
        "base_channels": 4,
        "batch": 8,
        "total_images": 100_000,
        "game": {"latent_dimension": 5},
        "threads": 1,
        "device": "cpu",
        "log_every_images": 8,
        "processes": 2,
    }
    parameters = TrainingParameters.parse(sizes)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    launch_training(
        Store.open(store),
        parameters,
        checkpoints=checkpoints,
        open_tracker=partial(file_tracker, file),
        show_settings=len,
    )


if __name__ == "__main__":
    main()
