"""What does ganops' loop cost that a bare PyTorch loop does not?

python benchmarks/loop.py        a table: seconds of ganops' training / seconds of the bare loop, in interleaved pairs

Both train the same model: the same networks, losses, penalties, shifts, precision, memory layout and fused Adam.
ganops' side is a complete training: loader, addressed noise, iterations, EMA, one log per repeat to a tracker that does
nothing. The bare side is a minimal hand-written loop: data resident as a tensor of bytes, noise by torch.randn, no
logging. Checkpoints and samples, which a training makes about twenty times, are left out.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from side_by_side import Clock, choose_clock, describe_machine, format_ratio, make_parser, ratio, resolve_settings
from synthetic import random_store
from torch import Tensor

from ganops.augment import translate
from ganops.config import LatentGanSettings
from ganops.data.loader import Loader
from ganops.games.build import build_game
from ganops.training.ema import decay
from ganops.training.state import TrainingState
from ganops.training.tracker import NullTracker
from ganops.training.train import train
from ganops.training_settings import Settings

CLASSES = 10


class Bare:
    """The same training, written by hand for one recipe."""

    def __init__(self, settings: Settings, pictures: Tensor, labels: Tensor) -> None:
        state = TrainingState.initial(settings, build_game(settings))
        self.generator, self.discriminator = state.networks["generator"], state.networks["discriminator"]
        self.average = state.ema["generator"]
        self.adam_g, self.adam_d = state.optimizers["generator"], state.optimizers["discriminator"]
        self.pictures, self.labels, self.settings, self.seen = pictures, labels, settings, 0
        game = settings.game
        assert isinstance(game, LatentGanSettings), game
        self.r1, self.r2, self.strength = game.r1_gamma.end, game.r2_gamma.end, game.augmentation.probability.end
        self.every, self.updates = game.penalty_interval, 0
        if self.every > 1:
            (group,), slower = self.adam_d.param_groups, self.every / (self.every + 1)
            group["lr"], group["betas"] = group["lr"] * slower, tuple(beta**slower for beta in group["betas"])
        self.relativistic = game.objective == "relativistic"
        self.order = torch.randperm(len(pictures))

    def run(self, count: int) -> None:
        for _ in range(count):
            self.update_discriminator()
            self.update_generator()
            self.seen += self.settings.budget.batch
            self.update_average()

    def update_discriminator(self) -> None:
        self.generator.requires_grad_(False)
        self.discriminator.requires_grad_(True)
        with self.autocast():
            real, label = self.real(self.seen)
            fake = self.detached_fake(label)
            if self.every == 1:
                real.requires_grad_(self.r1 > 0)
                fake.requires_grad_(self.r2 > 0)
            real_logit = self.discriminator(real, label).float()
            fake_logit = self.discriminator(fake, label).float()
            if self.relativistic:
                loss = F.softplus(fake_logit - real_logit).mean()
            else:
                loss = F.softplus(-real_logit).mean() + F.softplus(fake_logit).mean()
            if self.every == 1:
                loss = loss + self.penalty(self.r1, real_logit, real) + self.penalty(self.r2, fake_logit, fake)
        self.step(loss)
        if self.every > 1 and self.updates % self.every == 0:
            self.step(self.every * self.penalties())
        self.updates += 1

    def penalties(self) -> Tensor:
        total = torch.zeros(())
        with self.autocast():
            real, label = self.real(self.seen)
            for gamma, x in ((self.r1, real), (self.r2, self.detached_fake(label) if self.r2 else real)):
                if gamma:
                    x.requires_grad_()
                    total = total + self.penalty(gamma, self.discriminator(x, label).float(), x)
        return total

    def detached_fake(self, label: Tensor) -> Tensor:
        with torch.no_grad():
            return self.fake(label)

    @staticmethod
    def penalty(gamma: float, logit: Tensor, x: Tensor) -> Tensor | float:
        if not gamma:
            return 0.0
        (gradient,) = torch.autograd.grad(logit.sum(), x, create_graph=True)
        return gamma / 2 * gradient.float().square().flatten(1).sum(1).mean()

    def step(self, loss: Tensor) -> None:
        loss.backward()
        self.adam_d.step()
        self.adam_d.zero_grad()

    def update_generator(self) -> None:
        self.generator.requires_grad_(True)
        self.discriminator.requires_grad_(False)
        with self.autocast():
            if self.relativistic:
                real, label = self.real(self.seen + self.settings.budget.batch)
                fake_logit = self.discriminator(self.fake(label), label).float()
                with torch.no_grad():
                    real_logit = self.discriminator(real, label).float()
                loss = F.softplus(real_logit - fake_logit).mean()
            else:
                label = self.labels[self.choose(self.seen)]
                loss = F.softplus(-self.discriminator(self.fake(label), label).float()).mean()
        loss.backward()
        self.adam_g.step()
        self.adam_g.zero_grad()

    @torch.no_grad()
    def update_average(self) -> None:
        step = 1 - decay(self.settings.budget.batch, self.seen, self.settings.ema.relative_length)
        torch._foreach_lerp_(list(self.average.parameters()), list(self.generator.parameters()), step)
        for ours, theirs in zip(self.average.buffers(), self.generator.buffers(), strict=True):
            ours.copy_(theirs)

    def autocast(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self.settings.runtime.precision == "bf16")

    def real(self, first: int) -> tuple[Tensor, Tensor]:
        chosen = self.choose(first)
        pictures = self.pictures[chosen].float() / 127.5 - 1
        return self.shift(pictures), self.labels[chosen]

    def choose(self, first: int) -> Tensor:
        return self.order[torch.arange(first, first + self.settings.budget.batch) % len(self.order)]

    def fake(self, label: Tensor) -> Tensor:
        return self.shift(self.generator(torch.randn(len(label), self.settings.game.latent_dimension), label))

    def shift(self, pictures: Tensor) -> Tensor:
        applied = torch.rand(len(pictures)) < self.strength
        rows, columns = (torch.randint(-(n // 8), n // 8 + 1, (len(pictures),)) for n in pictures.shape[2:])
        return translate(pictures, rows * applied, columns * applied)


@dataclass
class AlternatingBatches:
    """ganops' batches; before the first batch of each repeat the other side runs, timed separately."""

    loader: Loader
    calls_per_repeat: int
    other: Callable[[], None]
    clock: Clock
    calls: int = 0
    begun: float = 0.0
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)

    def batch(self, first: int, count: int) -> dict[str, Tensor]:
        if self.calls % self.calls_per_repeat == 0:
            start = self.clock()
            if self.calls:
                self.ours.append(start - self.begun)
            self.other()
            self.begun = self.clock()
            self.theirs.append(self.begun - start)
        self.calls += 1
        return self.loader.batch(first, count)


def compare(recipe: str, size: tuple[int, int, int], options: argparse.Namespace) -> tuple[list[float], list[float]]:
    """Return the seconds of each repeat, of both sides."""
    batch = resolve_settings(recipe, size, options.threads).budget.batch
    # The first pair warms up, the last is not complete.
    images = (options.repeats + 2) * options.iterations * batch
    cadence = {"log_every_images": options.iterations * batch, "sample_every_images": images}
    overrides = {"total_images": images, "checkpoint_every_images": images, **cadence}
    settings = resolve_settings(recipe, size, options.threads, CLASSES, **overrides)
    with tempfile.TemporaryDirectory() as folder:
        store = random_store(Path(folder, "store"), 5000, size, CLASSES)
        bare = Bare(settings, *(torch.from_numpy(store.read(f, store.indices("train"))) for f in ("image", "label")))
        game = build_game(settings)
        loader = Loader(store, "train", game.reads(), settings.seed)
        calls = options.iterations * len({update.batch for update in game.updates(0)})
        repeats = AlternatingBatches(loader, calls, lambda: bare.run(options.iterations), choose_clock(options))
        train(game, settings, repeats, "random", Path(folder), NullTracker())
    return repeats.ours[1:], repeats.theirs[1:-1]


def main() -> None:
    parser = make_parser(__doc__, repeats=10)
    parser.add_argument("--iterations", type=int, default=10, help="per repeat")
    parser.add_argument("--recipes", nargs="+", default=["dcgan", "r3gan"], help="recipes with two players")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(describe_machine(options))
    print(f"{'recipe':8}{'picture':>12}{'ms/iteration':>12}{'bare':>8}   ganops / bare")
    for recipe in options.recipes:
        for size in ((1, 28, 28), (3, 32, 32)):
            ours, theirs = compare(recipe, size, options)
            mean = [1000 * sum(taken) / len(taken) / options.iterations for taken in (ours, theirs)]
            shape = " × ".join(map(str, size))
            print(
                f"{recipe:8}{shape:>12}{mean[0]:12.1f}{mean[1]:8.1f}   {format_ratio(ratio(ours, theirs))}", flush=True
            )


if __name__ == "__main__":
    main()
