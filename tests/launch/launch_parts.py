"""What workers of the tests are handed: found again by name in a process of its own."""

import os
import signal
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil

from ganops.config import TrainingParameters
from ganops.data.store import Store
from ganops.launch.launch import launch_training
from ganops.launch.worker import SILENT_TRACKER


class Heard:
    """What a progress wrote down: process and images seen, a line a call."""

    def __init__(self, file):
        rows = [line.split() for line in file.read_text().splitlines()]
        self.pids, self.images_seen = [int(row[0]) for row in rows], [int(row[1]) for row in rows]


@contextmanager
def writing_progress(file):
    def write(images_seen, total_images, scalars):
        with file.open("a") as lines:
            lines.write(f"{os.getpid()} {images_seen}\n")

    yield write


@contextmanager
def writing_where_mlflow_is(file):
    file.write_text(os.environ.get("MLFLOW_TRACKING_URI", "unknown"))
    yield lambda *news: None


@contextmanager
def killing_progress(file, at):
    """The first time that `at` images are seen, the worker that does not lead is killed."""
    with writing_progress(file) as write:

        def strike(images_seen, total_images, scalars):
            write(images_seen, total_images, scalars)
            if images_seen == at and Heard(file).images_seen.count(at) == 1:
                siblings = psutil.Process(os.getppid()).children()
                (other,) = [
                    process
                    for process in siblings
                    if process.pid != os.getpid() and "spawn_main" in " ".join(process.cmdline())
                ]
                other.send_signal(signal.SIGKILL)

        yield strike


def main():
    store, checkpoints, heard = map(Path, sys.argv[1:])
    sizes = {"recipe": "r3gan", "width": 4, "batch": 8, "total_images": 100_000, "latent_dimension": 5, "threads": 1}
    parameters = TrainingParameters(**sizes, device="cpu", log_every_images=8, processes=2)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    progress = partial(writing_progress, heard)
    launch_training(Store.open(store), parameters, checkpoints, SILENT_TRACKER, progress, print, len)


if __name__ == "__main__":
    main()
