"""Does a second process pay? Two processes against one at the same global batch, in alternation.

    python benchmarks/processes.py [recipe] [batch] [iterations]

Each side trains the same iterations of the recipe at 32 × 32 × 3, on data that are in memory; a process computes with
its share of the threads. Printed are milliseconds an iteration, and what is gained as the mean ratio of neighbouring
blocks, with its 95 % interval: on a machine with free cores it should be near 2 between one thread and two processes of
one.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from side_by_side import processor, ratio, show_interval

from ganops.data.encodings import encode_images
from ganops.games.build import build_game
from ganops.hardware import core_count
from ganops.training.distributed import SINGLE_PROCESS, Distributed
from ganops.training.state import TrainingState
from ganops.training.trainer import iterations

PAIRS, WARM_UP = 7, 3


class Pictures:
    """Random pictures that are there already."""

    def __init__(self, count: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.pixels = torch.randint(0, 256, (count, 3, 32, 32), generator=generator, dtype=torch.uint8)

    def batch(self, first: int, count: int) -> dict[str, torch.Tensor]:
        rows = torch.arange(first, first + count) % len(self.pixels)
        return {"image": encode_images(self.pixels[rows]), "label": rows % 10}


def seconds_per_iteration(recipe: str, batch: int, count: int, distributed: Distributed) -> float:
    """Measure one side's block, from a fresh state; the first iterations are not counted."""
    settings = resolve_settings(recipe, (3, 32, 32), torch.get_num_threads(), 10, batch=batch, total_images=10**9)
    game = build_game(settings)
    training = iterations(game, TrainingState.initial(settings, game), settings, Pictures(4 * batch), distributed)
    for _ in range(WARM_UP):
        next(training)
    start = time.perf_counter()
    for _ in range(count):
        next(training)
    return (time.perf_counter() - start) / count


def worker(rank: int, group: str, threads: list[int], recipe: str, batch: int, count: int, result: str) -> None:
    """Alternate between the main process with each number of threads (the other waits) and both processes."""
    dist.init_process_group("gloo", f"file://{group}", rank=rank, world_size=2)
    blocks = []
    for _ in range(PAIRS):
        block = []
        for number in threads:
            torch.set_num_threads(number)
            block.append(seconds_per_iteration(recipe, batch, count, SINGLE_PROCESS) if rank == 0 else 0.0)
            dist.barrier()
        torch.set_num_threads(max(1, core_count() // 2))
        block.append(seconds_per_iteration(recipe, batch, count, Distributed(rank, 2, local=2)))
        dist.barrier()
        blocks.append(block)
    if rank == 0:
        torch.save(blocks, result)
    dist.destroy_process_group()


def main() -> None:
    options = dict(enumerate(sys.argv[1:]))
    recipe, batch, count = options.get(0, "dcgan"), int(options.get(1, 64)), int(options.get(2, 10))
    half, cores = max(1, core_count() // 2), core_count()
    with tempfile.TemporaryDirectory() as folder:
        result = str(Path(folder, "blocks.pt"))
        arguments = (str(Path(folder, "group")), [half, cores], recipe, batch, count, result)
        mp.spawn(worker, arguments, nprocs=2)
        blocks = torch.load(result)
    print(f"{processor()}, torch {torch.__version__}, wall time")
    print(f"{recipe}, global batch {batch}, {count} iterations a block, {PAIRS} blocks")
    print(f"{'':46}{'ms an iteration':>11}   one / two processes")
    *one, two = zip(*blocks, strict=True)
    for number, times in zip([half, cores], one, strict=True):
        name = f"one process, {number} thread{'s' * (number > 1)}"
        print(f"{name:46}{1000 * statistics.median(times):11.1f}   {show_interval(ratio(times, two))}")
    name = f"two processes, {half} thread{'s' * (half > 1)} each"
    print(f"{name:46}{1000 * statistics.median(two):11.1f}")


if __name__ == "__main__":
    main()
