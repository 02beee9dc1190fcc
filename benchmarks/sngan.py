"""How fast does SNGAN train at 32 × 32 in colour, at the size that Mimicry trains (G 4.3 M, D 1.05 M parameters)?

python benchmarks/sngan.py       a table: real images per second, for one update of D and one of G at batch 64

`textbook` is the paper's networks as they are usually written, in this script: nearest-neighbour upsampling before a
convolution, 2 × 2 means after one, 1 × 1 shortcuts at the higher resolution, torch's spectral_norm; hinge loss, fp32,
eager, contiguous, Adam with defaults, torch.randn. ganops' side is the recipe `sngan` at width 128 with one update of D
per iteration; its time includes addressed noise and the EMA of the generator.
"""

import argparse
from collections.abc import Callable

import torch
import torch.nn.functional as F
from flops import Random, operations
from side_by_side import (
    choose_clock,
    describe_machine,
    format_ratio,
    make_parser,
    measure_alternately,
    ratio,
    resolve_settings,
)
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganops.games.build import build_game
from ganops.training.state import TrainingState
from ganops.training.step import train_iteration
from ganops.training_settings import Settings

SIZE, BATCH, LATENT = (3, 32, 32), 64, 128


class UpBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.conv1, self.conv2 = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.shortcut = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        inside = self.conv1(F.interpolate(F.relu(self.norm1(x)), scale_factor=2))
        return self.conv2(F.relu(self.norm2(inside))) + self.shortcut(F.interpolate(x, scale_factor=2))


class Generator(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.width, self.linear = width, nn.Linear(LATENT, width * 16)
        self.blocks = nn.Sequential(*(UpBlock(width) for _ in range(3)))
        self.norm, self.last = nn.BatchNorm2d(width), nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        maps = self.blocks(self.linear(z).view(-1, self.width, 4, 4))
        return torch.tanh(self.last(F.relu(self.norm(maps))))


class DownBlock(nn.Module):
    def __init__(self, inputs: int, width: int, first: bool, halved: bool) -> None:
        super().__init__()
        self.first, self.halved = first, halved
        self.conv1 = spectral_norm(nn.Conv2d(inputs, width, 3, padding=1))
        self.conv2 = spectral_norm(nn.Conv2d(width, width, 3, padding=1))
        self.shortcut = spectral_norm(nn.Conv2d(inputs, width, 1)) if halved else None

    def forward(self, x: Tensor) -> Tensor:
        inside = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x))))
        around = self.shortcut(x) if self.shortcut is not None else x
        return F.avg_pool2d(inside, 2) + F.avg_pool2d(around, 2) if self.halved else inside + around


class Discriminator(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        forms = ((3, True, True), (width, False, True), (width, False, False), (width, False, False))
        self.blocks = nn.Sequential(*(DownBlock(inputs, width, *form) for inputs, *form in forms))
        self.linear = spectral_norm(nn.Linear(width, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(F.relu(self.blocks(x)).sum((2, 3)))


class Textbook:
    """One update of D and one of G per call."""

    def __init__(self, real: Tensor, width: int) -> None:
        self.real, self.net_g, self.net_d = real, Generator(2 * width), Discriminator(width)
        nets = (self.net_g, self.net_d)
        self.adam_g, self.adam_d = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.0, 0.9)) for net in nets)

    def __call__(self) -> None:
        self.adam_d.zero_grad()
        fake = self.net_g(torch.randn(len(self.real), LATENT)).detach()
        loss = F.relu(1 - self.net_d(self.real)).mean() + F.relu(1 + self.net_d(fake)).mean()
        loss.backward()
        self.adam_d.step()
        self.adam_g.zero_grad()
        (-self.net_d(self.net_g(torch.randn(len(self.real), LATENT))).mean()).backward()
        self.adam_g.step()


def ours(settings: Settings) -> tuple[Callable[[], object], str]:
    """Return a function that trains one iteration per call, and the numbers of parameters."""
    game, batches = build_game(settings), Random(settings)
    state = TrainingState.initial(settings, game)
    return lambda: train_iteration(game, state, settings, batches), _sizes(*state.networks.values())


def _sizes(*networks: nn.Module) -> str:
    return ", ".join(f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f} M" for network in networks)


def sides(options: argparse.Namespace) -> dict[str, Callable[[], object]]:
    """Return the sides by name, the reference first, and print their sizes."""
    overrides = {"base_channels": options.width, "batch": options.batch, "game.discriminator_steps": 1}
    forms = [(precision, last) for precision in ("fp32", "bf16") for last in (False, True)]
    book = Textbook(torch.rand(options.batch, *SIZE) * 2 - 1, options.width)
    print(f"textbook: G and D of {_sizes(book.net_g, book.net_d)} parameters")
    named: dict[str, Callable[[], object]] = {"textbook, fp32, contiguous": book}
    sizes = ""
    for precision, last in forms:
        settings = resolve_settings(
            "sngan",
            SIZE,
            options.threads,
            **{"runtime.precision": precision, "runtime.channels_last": last, **overrides},
        )
        name = f"ganops, {precision}, {'channels-last' if last else 'contiguous'}"
        named[name], sizes = ours(settings)
    print(f"ganops: G and D of {sizes} parameters")
    return named


def main() -> None:
    parser = make_parser(__doc__, repeats=4)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--batch", type=int, default=BATCH)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(describe_machine(options))
    every = sides(options)
    counts = {name: operations(side) / options.batch / 1e9 for name, side in every.items()}
    seconds = measure_alternately(every, options.repeats, choose_clock(options))
    print(f"{'':32}{'images/s':>10}{'GFLOP an image':>16}   times textbook")
    textbook = next(iter(seconds.values()))
    for name, taken in seconds.items():
        rate = options.repeats * options.batch / sum(taken)
        print(f"{name:32}{rate:10.1f}{counts[name]:16.2f}   {format_ratio(ratio(textbook, taken))}")


if __name__ == "__main__":
    main()
