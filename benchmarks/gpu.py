"""How fast does a GPU train, and which share of its peak arithmetic is that?

python benchmarks/gpu.py        a table: images per second, floating-point operations per second, and their share of a
                                large bf16 matrix product in the same run; seconds of the eager side / the side's

Networks: `r3` with the widths published for CIFAR-10 (768 in four stages, R1 and R2 in every iteration), and `dcgan`,
at 32 × 32 in colour. `eager` is fp32 (TF32 allowed), contiguous, Adam with defaults; `ganops` is bf16, channels-last,
fused; then the same with the generator compiled by torch.compile, and the discriminator where no penalty is (its
gradient of a gradient is beyond torch.compile), with the seconds that compiling took. Iterations are complete: both
players, penalties, shifts, addressed noise. Without CUDA there is nothing to measure; `--device cpu --quick` tests the
script itself.
"""

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from flops import CLASSES, SIZE, operations
from side_by_side import describe_machine, format_ratio, make_parser, measure_alternately, ratio, resolve_settings
from torch import Tensor

from ganops.games.build import build_game
from ganops.training.state import TrainingState
from ganops.training.step import train_iteration
from ganops.training_settings import Settings


class Resident:
    """Batches of noise on the device."""

    def __init__(self, settings: Settings) -> None:
        draw = torch.Generator().manual_seed(0)
        pictures = torch.randint(0, 256, (4096, *SIZE), generator=draw, dtype=torch.uint8)
        self.pictures = pictures.to(settings.runtime.device)
        self.labels = (torch.arange(4096) % CLASSES).to(settings.runtime.device)

    def batch(self, first: int, count: int) -> dict[str, Tensor]:
        rows = torch.arange(first, first + count, device=self.pictures.device) % len(self.pictures)
        return {"image": self.pictures[rows].float().div_(127.5).sub_(1), "label": self.labels[rows]}


class Side:
    """A separate training; a call trains some iterations and waits for the device."""

    def __init__(self, settings: Settings, iterations: int, fused: bool = True, compiled: bool = False) -> None:
        self.settings, self.iterations = settings, iterations
        self.game, self.batches = build_game(settings), Resident(settings)
        self.state = TrainingState.initial(settings, self.game)
        if not fused:
            for optimizer in self.state.optimizers.values():
                optimizer.param_groups[0]["fused"] = None
        penalised = settings.adversarial is not None and settings.adversarial.penalties
        for name in ("generator", *(() if penalised else ("discriminator",))) if compiled else ():
            self.state.networks[name].compile()

    def __call__(self) -> None:
        for _ in range(self.iterations):
            self.train_iteration()
        if self.settings.runtime.device == "cuda":
            torch.cuda.synchronize()

    def train_iteration(self) -> None:
        train_iteration(self.game, self.state, self.settings, self.batches)


def product(device: str, side: int) -> Callable[[], object]:
    """Return a function that computes five bf16 products of square matrices."""
    left, right = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))

    def multiply() -> None:
        for _ in range(5):
            torch.mm(left, right)
        if device == "cuda":
            torch.cuda.synchronize()

    return multiply


def compare(recipe: str, overrides: dict[str, Any], options: argparse.Namespace) -> None:
    """Print the rows of one network."""

    def settings(precision: str, channels_last: bool) -> Settings:
        runtime = {"runtime.precision": precision, "runtime.channels_last": channels_last}
        return resolve_settings(recipe, SIZE, options.threads, CLASSES, options.device, **overrides, **runtime)

    eager, default = settings("fp32", False), settings("bf16", True)
    sides = {
        "eager": Side(eager, options.iterations, fused=False),
        "ganops": Side(default, options.iterations),
        "ganops, compiled": Side(default, options.iterations, compiled=True),
    }
    start = time.perf_counter()
    sides["ganops, compiled"]()
    first = time.perf_counter() - start
    count = operations(sides["ganops"].train_iteration)
    size = 512 if options.quick else 8192
    every = {**sides, "product": product(options.device, size)}
    seconds = measure_alternately(every, options.repeats, time.perf_counter)
    scale = options.iterations * count / (5 * 2 * size**3)
    for name in sides:
        share, half = ratio(seconds["product"], seconds[name])
        iterations_per_second = options.repeats * options.iterations / sum(seconds[name])
        rates = f"{iterations_per_second * default.budget.batch:10.0f}{iterations_per_second * count / 1e12:10.2f}"
        shares = (
            f"{format_ratio((share * scale, half * scale)):16}{format_ratio(ratio(seconds['eager'], seconds[name]))}"
        )
        print(
            f"{recipe:8}{default.networks.base_channels:6}{default.budget.batch:6}   {name:18}{rates}   {shares}",
            flush=True,
        )
    print(f"{recipe:8}{'':15}first {options.iterations} iterations, with compiling: {first:.1f} s")


def main() -> None:
    parser = make_parser(__doc__, repeats=8)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--iterations", type=int, default=5, help="per repeat")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--quick", action="store_true", help="tiny networks and batches: to try the script")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("no CUDA here: nothing to measure (--device cpu --quick tries the script)")
    torch.set_num_threads(options.threads)
    torch.set_float32_matmul_precision("high")
    name = torch.cuda.get_device_name() if options.device == "cuda" else "no GPU"
    print(f"{name}; {describe_machine(options)}")
    head = f"{'images/s':>10}{'TFLOP/s':>10}   {'share of peak':16}times eager"
    print(f"{'recipe':8}{'width':>6}{'batch':>6}   {'':18}{head}")
    tiny = {"base_channels": 4, "batch": 8}
    compare("r3gan", tiny if options.quick else {"base_channels": 768, "batch": options.batch}, options)
    compare("dcgan", tiny if options.quick else {"base_channels": 64, "batch": options.batch}, options)
    bare = {"game.r1_gamma": 0.0, **(tiny if options.quick else {"base_channels": 64, "batch": options.batch})}
    compare("dcgan", bare, options)


if __name__ == "__main__":
    main()
