"""Does the memory of a training grow with its data set?

python benchmarks/memory.py [RECIPE]       a table: peak memory of training processes on 1,000, 10,000 and 100,000
                                           samples, each in its own process, each used once: pictures of 32 × 32 in
                                           colour, clips of a second, lines of 20 words; `dcgan` unless said

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
from synthetic import CLIPS, INPUTS, LINES, PICTURES, write_store

from ganops.config import FieldName
from ganops.data.store import FieldFormat
from ganops.games.recipes import find_recipe

CLASSES, BATCH, COUNTS = 10, 250, (1000, 10_000, 100_000)
FIELDS: dict[FieldName, FieldFormat] = {"image": PICTURES, "wave": CLIPS, "tokens": LINES}


def measure(path: Path, recipe: str) -> dict[str, float]:
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
        "recipe": recipe,
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


def one_run(recipe: str, count: int) -> dict[str, float]:
    """Measure a training on `count` samples in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_store(Path(folder, "store"), count, _fields(recipe), CLASSES).path
        command = [sys.executable, __file__, recipe, "--measure", str(path)]
        found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout)
        return {**found, "store": sum(file.stat().st_size for file in path.rglob("*")) / 2**20}


def _fields(recipe: str) -> dict[str, FieldFormat]:
    row = find_recipe(recipe)
    return {row.field: FIELDS[row.field], **({"input": INPUTS} if row.from_input else {})}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", default="dcgan", metavar="RECIPE")
    parser.add_argument("--counts", nargs="+", type=int, default=COUNTS, help="numbers of samples")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.recipe)))
        return
    print(f"{processor()}; {options.recipe}; MiB")
    print(f"{'samples':>9}{'store':>8}{'before':>8}{'anonymous':>11}{'ratio':>8}{'with maps':>11}")
    first = None
    for count in options.counts:
        found = one_run(options.recipe, count)
        first = first or found["anonymous"]
        sizes = f"{found['store']:8.0f}{found['before']:8.0f}{found['anonymous']:11.0f}"
        print(f"{count:9}{sizes}{found['anonymous'] / first:8.2f}{found['with maps']:11.0f}", flush=True)


if __name__ == "__main__":
    main()
