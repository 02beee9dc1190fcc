"""How much faster is each rewritten step than its plain form, which computes the same?

python benchmarks/layers.py        a table: plain / ours in time, at sizes of the recipes

- `extract`: EfficientNet-Lite2 with its batch normalisations folded into the convolutions, four pictures at once,
  against the network as published, eight at once.
- `modulate`: gains and biases of each sample and channel, repeated for a row of narrow maps, against broadcasting.
- `gates`: a gated unit on copied halves of the channels, against one on views of them.

The last two with their gradients, in bfloat16 and float32.
"""

from collections.abc import Callable
from functools import partial

import torch
from side_by_side import choose_clock, describe_machine, format_ratio, make_parser, measure_alternately, ratio
from torch import Tensor

from ganops.extractors.efficientnet import MODELS, EfficientNetLite, resize
from ganops.extractors.weights import read_packaged_weights
from ganops.networks.efficientnet import load, normalise
from ganops.networks.fastgan import apply_gates
from ganops.networks.layers import modulate

PICTURES, CALLS = 64, 10
# Batch, channels, side.
SIZES = ((64, 16, 28), (64, 32, 14), (64, 64, 7), (16, 16, 112), (16, 32, 56))

Sides = dict[str, Callable[[], object]]


def compare_extractors() -> Sides:
    """Both extract the features of the same pictures."""
    model = MODELS["efficientnet_lite2"]
    weights = read_packaged_weights(model.weights)
    ours, published = EfficientNetLite(model, weights), load(model.scaling, weights)
    published.to(memory_format=torch.channels_last)
    pictures = torch.randint(0, 256, (PICTURES, 3, 64, 64), dtype=torch.uint8)

    def extract(network: Callable[[Tensor], object], chunk: int) -> None:
        with torch.inference_mode():
            for part in pictures.split(chunk):
                network(part)

    plain = partial(extract, lambda part: published(normalise(resize(part, ours.side))), 8)
    return {"plain": plain, "ours": partial(extract, ours, ours.chunk)}


def modulate_broadcasting(maps: Tensor, values: Tensor) -> Tensor:
    """Multiply and add values of (B, C, 1, 1)."""
    gain, bias = values.to(maps.dtype)[:, :, None, None].chunk(2, dim=1)
    return torch.addcmul(bias, maps, 1 + gain)


def apply_gates_to_views(maps: Tensor) -> Tensor:
    """Multiply without copies."""
    values, gates = maps.movedim(1, 3).unflatten(3, (2, -1)).unbind(3)
    return (values * torch.sigmoid(gates)).movedim(3, 1)


def compare_steps(
    plain: Callable[..., Tensor], ours: Callable[..., Tensor], inputs: tuple[Tensor, ...], outputs: int
) -> Sides:
    """Both compute the step and the gradients of its inputs, some times."""
    batch, _, *size = inputs[0].shape
    gradient = torch.randn(batch, outputs, *size).to(inputs[0]).contiguous(memory_format=torch.channels_last)

    def run(step: Callable[..., Tensor]) -> None:
        for _ in range(CALLS):
            torch.autograd.grad(step(*inputs), inputs, gradient)

    return {"plain": partial(run, plain), "ours": partial(run, ours)}


def make_maps(batch: int, channels: int, side: int, dtype: torch.dtype) -> Tensor:
    """Draw maps in channels-last memory that need a gradient."""
    maps = torch.randn(batch, channels, side, side).to(dtype)
    return maps.contiguous(memory_format=torch.channels_last).requires_grad_()


def main() -> None:
    parser = make_parser(__doc__, repeats=8)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(describe_machine(options))
    cases = {"extract": compare_extractors()}
    for dtype in (torch.bfloat16, torch.float32):
        for batch, channels, side in SIZES:
            size = f"{batch} × {channels} × {side} × {side} {str(dtype).removeprefix('torch.')}"
            maps, values = make_maps(batch, channels, side, dtype), torch.randn(batch, 2 * channels, requires_grad=True)
            cases[f"modulate {size}"] = compare_steps(modulate_broadcasting, modulate, (maps, values), channels)
            wide = make_maps(batch, 2 * channels, side, dtype)
            cases[f"gates {size}"] = compare_steps(apply_gates_to_views, apply_gates, (wide,), channels)
    for name, sides in cases.items():
        seconds = measure_alternately(sides, options.repeats, choose_clock(options))
        print(f"{name:40}{format_ratio(ratio(seconds['plain'], seconds['ours']))}", flush=True)


if __name__ == "__main__":
    main()
