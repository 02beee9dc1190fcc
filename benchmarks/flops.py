"""Which share of the machine's peak arithmetic does a training reach?

python benchmarks/flops.py        a table: floating-point operations per second of complete iterations, and their share
                                  of the peak, measured by a large matrix product in the same run, fp32 or bf16,
                                  whichever is faster

An iteration is forward and backward of both players with all penalties. Counted are the operations of convolutions and
matrix products, by torch's formulas (two for a multiply-add); all other operations cost time but are not counted. `r3`
is measured at the recipe's width and at a larger one; the published width for CIFAR-10 is 768 (`--r3-width 768
--r3-batch 8`).
"""

import argparse
from collections.abc import Callable
from typing import Any

import torch
from side_by_side import (
    choose_clock,
    describe_machine,
    format_ratio,
    make_parser,
    measure_alternately,
    ratio,
    resolve_settings,
)
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ganops.games.build import build_game
from ganops.training.state import TrainingState
from ganops.training.step import train_iteration
from ganops.training_settings import Settings

SIZE, CLASSES = (3, 32, 32), 10
PRODUCT = 2048


class Random:
    """One batch of noise, again and again: data are no question here."""

    def __init__(self, settings: Settings) -> None:
        labels = torch.arange(settings.budget.batch) % CLASSES
        self.samples = {"image": torch.rand(settings.budget.batch, *SIZE) * 2 - 1, "label": labels}

    def batch(self, first: int, count: int) -> dict[str, torch.Tensor]:
        return self.samples


def training_call(settings: Settings) -> Callable[[], object]:
    """Return a function that trains one iteration per call."""
    game, batches = build_game(settings), Random(settings)
    state = TrainingState.initial(settings, game)
    return lambda: train_iteration(game, state, settings, batches)


def product(dtype: torch.dtype) -> Callable[[], object]:
    """Return a function that computes five products of square matrices."""
    left, right = (torch.randn(PRODUCT, PRODUCT).to(dtype) for _ in range(2))

    def multiply() -> None:
        for _ in range(5):
            torch.mm(left, right)

    return multiply


class Operations(TorchDispatchMode):
    """Counts by torch's own formulas. Its FlopCounterMode also counts by module, which fails at R1's inner gradient."""

    total = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        formula = flop_registry.get(function.overloadpacket)
        self.total += formula(*args, **(kwargs or {}), out_val=result) if formula else 0
        return result


def operations(call: Callable[[], object]) -> int:
    """Count the operations of one call."""
    with Operations() as counted:
        call()
    return counted.total


def row(name: str, settings: Settings, options: argparse.Namespace) -> None:
    """Print one network in one precision, compared with both products."""
    call, product_count = training_call(settings), 5 * 2 * PRODUCT**3
    count = operations(call)
    products = {"fp32": product(torch.float32), "bf16": product(torch.bfloat16)}

    def several() -> None:
        for _ in range(options.iterations):
            call()

    seconds = measure_alternately({"iterations": several, **products}, options.repeats, choose_clock(options))
    fastest = min(products, key=lambda name: sum(seconds[name]))
    scale = options.iterations * count / product_count
    share, half = ratio(seconds[fastest], seconds["iterations"])
    rates = {name: options.repeats * product_count / sum(seconds[name]) / 1e9 for name in products}
    reached = scale * options.repeats * product_count / sum(seconds["iterations"]) / 1e9
    batch, precision = settings.budget.batch, settings.runtime.precision
    form = f"{name:8}{settings.networks.base_channels:6}{batch:6}  {precision:6}{count / batch / 1e9:9.3f}"
    print(
        f"{form}{reached:10.0f}{rates['fp32']:8.0f}{rates['bf16']:8.0f}   {format_ratio((share * scale, half * scale))}"
    )


def main() -> None:
    parser = make_parser(__doc__, repeats=8)
    parser.add_argument("--iterations", type=int, default=2, help="per repeat")
    parser.add_argument("--r3-width", type=int, default=128)
    parser.add_argument("--r3-batch", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(describe_machine(options))
    columns = f"{'network':8}{'width':>6}{'batch':>6}  {'':6}{'GFLOP':>9}{'GFLOP/s':>10}{'fp32':>8}{'bf16':>8}"
    print("GFLOP an image; reached; of the matrix product in fp32 and in bf16; share of the faster of the two")
    print(f"{columns}   share")
    wide = {"base_channels": options.r3_width, "batch": options.r3_batch}
    for name, recipe, overrides in (("dcgan", "dcgan", {}), ("r3", "r3gan", {}), ("r3", "r3gan", wide)):
        for precision in ("fp32", "bf16"):
            row(
                name,
                resolve_settings(
                    recipe, SIZE, options.threads, CLASSES, **{"runtime.precision": precision, **overrides}
                ),
                options,
            )


if __name__ == "__main__":
    main()
