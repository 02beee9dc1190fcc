"""How much faster is ganops, with its default settings, than the naive loop that tutorials show?

python benchmarks/tutorial.py        a table: images per second of each side, and the tutorial's seconds / the side's

The naive loop is that of PyTorch's DCGAN tutorial: files decoded by Pillow in each batch (`ImageFolder`, `DataLoader`),
fp32, eager, contiguous, Adam with defaults, four `.item()` per iteration, a sigmoid and BCELoss, a discriminator with
batch norm whose gradients the generator's update computes too. Networks are as wide as ganops' `dcgan` at 32 × 32 in
colour, and as deep; batches and threads are equal. Two kinds of files: PNGs that are 32 × 32 already, and JPEGs of 178
× 218, as the tutorial's faces are, which are resized each time.

Then the effect of each change, one after the other: prepared data, no `.item()` and fused Adam, channels-last,
bfloat16; then ganops' `dcgan` without what the tutorial lacks (R1, whose gradient is differentiated again, and the
shifts), as it is, and the default recipe, whose networks are others. ganops decodes once, in the data preparation,
whose seconds are printed separately.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image
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
from torchvision import datasets, transforms

from ganops.data.loader import Loader, read_fields
from ganops.data.preparation import prepare
from ganops.data.sources.image_folder import image_folder
from ganops.data.store import Store
from ganops.games.build import build_game
from ganops.preparation_config import DataPreparationParameters
from ganops.training.state import TrainingState
from ganops.training.trainer import iterations

ROOT = Path(__file__).parents[1]
SIZE, BATCH, WIDTH, LATENT = (3, 32, 32), 64, 32, 100
FILES = {"PNG of 32 × 32": ((32, 32), "png"), "JPEG of 178 × 218": ((178, 218), "jpg")}


def make_files(folder: Path, count: int, size: tuple[int, int], suffix: str) -> Path:
    """Write pictures of smooth colours, all different."""
    (folder / "all").mkdir(parents=True)
    draw = np.random.default_rng(0)
    for k in range(count):
        coarse = Image.fromarray(draw.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        coarse.resize(size, Image.Resampling.BICUBIC).save(folder / "all" / f"{k:05}.{suffix}")
    return folder


def prepare_store(files: Path, store: Path) -> Store:
    """Prepare a store of the files, with almost all pictures in the training split."""
    values = yaml.safe_load((ROOT / "conf/base/parameters_data_preparation.yml").read_text(encoding="utf-8"))[
        "data_preparation"
    ]
    overrides = {"source": "image_folder", "height": SIZE[1], "width": SIZE[2], "channels": 3, "validation_share": 0.0}
    prepare(image_folder(files), DataPreparationParameters.parse({**values, **overrides}))[0].write(store)
    return Store.open(store)


def generator() -> nn.Sequential:
    """Build the tutorial's network at 32 × 32."""
    levels = [LATENT, 4 * WIDTH, 2 * WIDTH, WIDTH]
    layers: list[nn.Module] = []
    for k, (a, b) in enumerate(pairwise(levels)):
        up = nn.ConvTranspose2d(a, b, 4, 2 if k else 1, 1 if k else 0, bias=False)
        layers += [up, nn.BatchNorm2d(b), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(WIDTH, 3, 4, 2, 1, bias=False), nn.Tanh())


def discriminator() -> nn.Sequential:
    """Build the tutorial's network at 32 × 32."""
    layers: list[nn.Module] = [nn.Conv2d(3, WIDTH, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for a, b in ((WIDTH, 2 * WIDTH), (2 * WIDTH, 4 * WIDTH)):
        layers += [nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(4 * WIDTH, 1, 4, 1, 0, bias=False), nn.Sigmoid())


@dataclass(frozen=True)
class Changes:
    """Differences from the tutorial."""

    quiet: bool = False
    channels_last: bool = False
    bf16: bool = False


class Tutorial:
    """PyTorch's DCGAN tutorial, with some of it changed."""

    def __init__(self, batches: Iterator[Tensor], changes: Changes) -> None:
        self.batches, self.changes = batches, changes
        layout = torch.channels_last if changes.channels_last else torch.contiguous_format
        self.net_g = generator().to(memory_format=layout)  # pyright: ignore[reportCallIssue]
        self.net_d = discriminator().to(memory_format=layout)  # pyright: ignore[reportCallIssue]
        self.adam_d, self.adam_g = (
            torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999), fused=changes.quiet or None)
            for net in (self.net_d, self.net_g)
        )
        self.criterion = nn.BCELoss()
        self.recorded: list[float] = []

    def run(self, count: int) -> None:
        for _ in range(count):
            self.train_iteration(next(self.batches))

    def train_iteration(self, real: Tensor) -> None:
        """Train one iteration, by the lines of the tutorial in its order."""
        self.net_d.zero_grad()
        label = torch.full((len(real),), 1.0)
        output = self.discriminate(real)
        error_real = self.criterion(output, label)
        error_real.backward()
        self.record(output.mean())
        noise = torch.randn(len(real), LATENT, 1, 1)
        with self.autocast():
            fake = self.net_g(noise)
        label.fill_(0.0)
        output = self.discriminate(fake.detach())
        error_fake = self.criterion(output, label)
        error_fake.backward()
        self.record(output.mean())
        self.adam_d.step()
        self.net_g.zero_grad()
        label.fill_(1.0)
        output = self.discriminate(fake)
        error_g = self.criterion(output, label)
        error_g.backward()
        self.record(output.mean())
        self.adam_g.step()
        self.record(error_real + error_fake)

    def discriminate(self, pictures: Tensor) -> Tensor:
        with self.autocast():
            return self.net_d(pictures).view(-1).float()

    def autocast(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self.changes.bf16)

    def record(self, value: Tensor) -> None:
        if not self.changes.quiet:
            self.recorded.append(value.item())


def decode_files(folder: Path, workers: int) -> Iterator[Tensor]:
    """Yield batches of the tutorial's loader, epoch after epoch."""
    each = transforms.Compose(
        [
            transforms.Resize(SIZE[1]),
            transforms.CenterCrop(SIZE[1]),
            transforms.ToTensor(),
            transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ]
    )
    files = datasets.ImageFolder(str(folder), transform=each)
    loader = torch.utils.data.DataLoader(
        files, BATCH, shuffle=True, num_workers=workers, drop_last=True, persistent_workers=workers > 0
    )
    while True:
        for pictures, _ in loader:
            yield pictures


def from_store(store: Store) -> Iterator[Tensor]:
    """Batches of the prepared pictures."""
    loader, first = Loader(store, "train", read_fields("image"), seed=0), 0
    while True:
        yield loader.batch(first, BATCH)["image"]
        first += BATCH


def ours(store: Store, recipe: str, threads: int, count: int, **overrides: Any) -> Callable[[], None]:
    """Return ganops' own loop, `count` iterations at each call."""
    settings = resolve_settings(recipe, SIZE, threads, total_images=10**9, **overrides)
    game = build_game(settings)
    batches = Loader(store, "train", game.reads(), settings.seed)
    training = iterations(game, TrainingState.initial(settings, game), settings, batches)

    def run() -> None:
        for _ in range(count):
            next(training)

    return run


def sides(options: argparse.Namespace, folder: Path) -> dict[str, Callable[[], None]]:
    """Return the sides by name, the reference first."""
    files = {name: make_files(folder / str(k), 2000, *form) for k, (name, form) in enumerate(FILES.items())}
    first, other = files
    start = time.perf_counter()
    store = prepare_store(files[first], folder / "store")
    print(f"preparation of 2000 files, {first}: {time.perf_counter() - start:.1f} s, once")
    steps = {
        f"tutorial, {first}": Tutorial(decode_files(files[first], options.workers), Changes()),
        f"tutorial, {other}": Tutorial(decode_files(files[other], options.workers), Changes()),
        "tutorial, prepared data": Tutorial(from_store(store), Changes()),
        "… no .item(), fused Adam": Tutorial(from_store(store), Changes(True)),
        "… channels-last": Tutorial(from_store(store), Changes(True, True)),
        "… bf16": Tutorial(from_store(store), Changes(True, True, True)),
    }
    loops = {name: lambda step=step: step.run(options.iterations) for name, step in steps.items()}
    bare = {"game.r1_gamma": 0.0, "game.augmentation.probability": 0.0}
    other = {"runtime.precision": _other(options.threads)}
    recipes = {
        "dcgan without R1 and shifts": ("dcgan", bare),
        "dcgan": ("dcgan", {}),
        "dcgan, the other precision": ("dcgan", other),
        "antialiased, the default": ("antialiased", {}),
    }
    return loops | {
        f"ganops, {name}": ours(store, recipe, options.threads, options.iterations, **overrides)
        for name, (recipe, overrides) in recipes.items()
    }


def _other(threads: int) -> str:
    return "fp32" if resolve_settings("dcgan", SIZE, threads).runtime.precision == "bf16" else "bf16"


def main() -> None:
    parser = make_parser(__doc__, repeats=10)
    parser.add_argument("--iterations", type=int, default=10, help="per repeat")
    parser.add_argument("--workers", type=int, default=2, help="workers of the DataLoader; the tutorial uses 2")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{describe_machine(options)}, {options.workers} workers of the DataLoader")
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure_alternately(sides(options, Path(folder)), options.repeats, choose_clock(options))
    print(f"default precision here: {resolve_settings('dcgan', SIZE, options.threads).runtime.precision}")
    print(f"{'':36}{'images/s':>10}" + "".join(f"   × {name[10:]:16}" for name in list(seconds)[:2]))
    first, other = list(seconds.values())[:2]
    for name, taken in seconds.items():
        rate = options.repeats * options.iterations * BATCH / sum(taken)
        print(f"{name:36}{rate:10.0f}   {format_ratio(ratio(first, taken)):18}   {format_ratio(ratio(other, taken))}")


if __name__ == "__main__":
    main()
