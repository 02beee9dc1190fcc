"""Does the memory of a training grow with its data set?

python benchmarks/memory.py [--quick]      a table: peak memory of training processes on 1,000, 10,000 and 100,000
                                           pictures of 32 × 32 in colour, each in its own process, each used once

`anonymous` is the process's own memory (RssAnon, on Linux only). The store is a memory map, whose pages the system can
reclaim; `with maps` (VmHWM) includes them. The interpreter with torch occupies about 400 MiB before the training. The
ratio is the anonymous memory relative to that of the smallest data set.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from side_by_side import processor
from synthetic import random_store

SIZE, CLASSES, BATCH = (3, 32, 32), 10, 250


def measure(path: Path) -> dict[str, float]:
    """Measure the memory, in MiB, of a training in this process that uses each picture once."""
    from ganops.data.store import Store
    from ganops.launch.launch import launch_training
    from ganops.launch.worker import NO_TRACKER
    from ganops.training_config import TrainingParameters

    peaks, done = [_status("RssAnon")], threading.Event()

    def poll() -> None:
        while not done.wait(0.01):
            peaks.append(_status("RssAnon"))

    poller = threading.Thread(target=poll, daemon=True)
    poller.start()
    store = Store.open(path)
    overrides = {
        "recipe": "dcgan",
        "base_channels": 2,
        "batch": BATCH,
        "total_images": len(store.manifest),
        "threads": 1,
    }
    with tempfile.TemporaryDirectory() as checkpoints:
        parameters = TrainingParameters.parse({**overrides, "device": "cpu"})
        launch_training(
            store, parameters, checkpoints=Path(checkpoints), open_tracker=NO_TRACKER, show_settings=lambda rows: None
        )
    done.set()
    poller.join()
    return {"before": peaks[0], "anonymous": max(peaks), "with maps": _status("VmHWM")}


def _status(key: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024


def one_run(count: int) -> dict[str, float]:
    """Measure a training on `count` pictures in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        path = random_store(Path(folder, "store"), count, SIZE, CLASSES).path
        command = [sys.executable, __file__, "--measure", str(path)]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1,000 and 2,000 pictures")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    print(f"{processor()}; MiB")
    print(f"{'pictures':>9}{'store':>8}{'before':>8}{'anonymous':>11}{'ratio':>8}{'with maps':>11}")
    first = None
    for count in (1000, 2000) if options.quick else (1000, 10_000, 100_000):
        found = one_run(count)
        first = first or found["anonymous"]
        store, share = count * 3 * 32 * 32 / 2**20, found["anonymous"] / first
        sizes = f"{found['before']:8.0f}{found['anonymous']:11.0f}{share:8.2f}{found['with maps']:11.0f}"
        print(f"{count:9}{store:8.0f}{sizes}", flush=True)


if __name__ == "__main__":
    main()
