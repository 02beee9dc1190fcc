"""One training from its settings to its result: it decides when to log, to sample and to write a checkpoint."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import pandas as pd
import torch
from torch import Tensor, nn

from ganops.config import Settings
from ganops.errors import TrainingError
from ganops.games.build import build_game
from ganops.games.game import Game
from ganops.noise import Noise
from ganops.sampling import Generator
from ganops.threads import thread_count
from ganops.training.checkpoint import Checkpoints, fingerprint
from ganops.training.interruption import Interruption, deferred_signals
from ganops.training.loop import rounds
from ganops.training.processes import ALONE, World
from ganops.training.state import TrainingState
from ganops.training.step import Batches
from ganops.training.stopwatch import Stopwatch

_COLUMNS, _ROWS = 8, 10


@runtime_checkable
class Tracker(Protocol):
    """What training needs of MLflow."""

    def scalars(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Points of curves."""
        ...

    def images(self, key: str, images_seen: int, samples: Tensor, columns: int) -> None:
        """Raw samples (B, C, H, W), uint8; the tracker renders them."""
        ...

    def note(self, key: str, value: str) -> None:
        """A fact about the run."""
        ...

    def flush(self) -> None:
        """Write what is buffered: a checkpoint promises that what came before it is kept."""
        ...


@dataclass(frozen=True)
class TrainingResult:
    """What a training leaves: the averaged networks, the whole state, curves, the states' digests, and snapshots."""

    averages: dict[str, nn.Module]
    state: dict[str, Tensor]
    curves: pd.DataFrame
    digests: pd.DataFrame
    snapshots: dict[str, Tensor]


@dataclass
class _Cadence:
    """Due whenever the clock crosses a multiple of `every`: a function of the clock, without state of its own."""

    every: int
    round_images: int

    def due(self, images_seen: int) -> bool:
        return images_seen // self.every > (images_seen - self.round_images) // self.every


def train(
    settings: Settings,
    batches: Batches,
    data_digest: str,
    checkpoints: Path,
    tracker: Tracker,
    progress: Callable[[int, Mapping[str, float]], None] = lambda images_seen, scalars: None,
    world: World = ALONE,
    finished: dict[str, Tensor] | None = None,
) -> TrainingResult:
    """Play the game from the last checkpoint of this fingerprint, or from the start, to total_images.

    The last checkpoint stays: whoever has stored the result removes it. Until then nothing is played twice. Of several
    processes the leading one alone tells the tracker and writes. `finished` is the state of a training to go on from,
    whose digest is settings.continued_from.
    """
    torch.backends.cudnn.deterministic = True
    key = fingerprint(settings, data_digest)
    tracker.note("fingerprint", key)
    scratch = Checkpoints(checkpoints / key)
    game = build_game(settings)
    with scratch.alone(), thread_count(settings.threads):
        state = TrainingState.initial(settings, game)
        if finished is not None:
            state.continue_from(finished)
        if scratch.restore(state):
            tracker.note("resumed_at_images", str(state.images_seen))
            _retell(state, tracker)
        progress(state.images_seen, {})
        watch = Stopwatch(scratch.folder / "seconds", state.images_seen)
        with deferred_signals() as interruption:
            _Play(game, state, settings, scratch, tracker, progress, world, watch).through(batches, interruption)
        return _result(state, scratch.snapshots.gathered())


@dataclass(frozen=True)
class _Play:
    """The effects of a training: at each round, those that are due."""

    game: Game
    state: TrainingState
    settings: Settings
    scratch: Checkpoints
    tracker: Tracker
    progress: Callable[[int, Mapping[str, float]], None]
    world: World
    watch: Stopwatch

    def through(self, batches: Batches, interruption: Interruption) -> None:
        """Round after round to the end of the budget, or to an interruption, which leaves a checkpoint."""
        cadences = (_Cadence(every, self.settings.round_images) for every in _cadences(self.settings))
        log, sample, snapshot, checkpoint = cadences
        for scalars in rounds(self.game, self.state, self.settings, batches, self.world):
            self.state.window.add(scalars)
            seen = self.state.images_seen
            last = seen >= self.settings.total_images
            if last or log.due(seen):
                self._log()
            if self.world.leads and (last or sample.due(seen)):
                pictures = fixed_samples(self.game, self.state, self.settings)
                self.tracker.images("samples/fixed_z", seen, pictures, _COLUMNS)
            if self.world.leads and (last or snapshot.due(seen)):
                self.scratch.snapshots.save(seen, self.state.averages)
            if last or checkpoint.due(seen):
                self.state.digests.append((seen, self.state.digest()))
            interrupted = self.world.any(interruption.received is not None)
            if last or checkpoint.due(seen) or interrupted:
                self._keep()
            if interrupted:
                return

    def _log(self) -> None:
        """The means of the window; a value that is not finite ends the game."""
        seen = self.state.images_seen
        means = self.state.window.means(self.world)
        _require_finite(means, seen)
        for name, value in {"images_seen": float(seen), **means}.items():
            self.state.curves[name].append(value)
        speed = self.watch.told(seen)
        if self.world.leads:
            self.tracker.scalars(seen, means | speed)
            self.progress(seen, means | speed)

    def _keep(self) -> None:
        """What the tracker heard comes first: a checkpoint promises that it is kept."""
        if self.world.leads:
            self.tracker.flush()
            self.watch.keep()
            self.scratch.save(self.state)


def fixed_samples(game: Game, state: TrainingState, settings: Settings) -> Tensor:
    """The same latents at every call, a row a class (at most ten), of the averaged generator: uint8 (B, C, H, W)."""
    device = torch.device(settings.device)
    generator = Generator(game, state.averages, settings.latent_dimension, (), device, settings.threads)
    rows = min(settings.classes, _ROWS) or _COLUMNS
    latents = Noise(settings.seed, 0, rows * _COLUMNS, device).normal("fixed/latent", (settings.latent_dimension,))
    labels = torch.arange(rows, device=device).repeat_interleave(_COLUMNS) if settings.classes else None
    return generator.pictures(latents, labels)


def _cadences(settings: Settings) -> tuple[int, int, int, int]:
    kept = settings.snapshot_every_images, settings.checkpoint_every_images
    return settings.log_every_images, settings.sample_every_images, *kept


def _require_finite(means: Mapping[str, float], images_seen: int) -> None:
    lost = [name for name, value in means.items() if not math.isfinite(value)]
    if lost:
        raise TrainingError(
            f"{', '.join(lost)} at {images_seen} images",
            expected="finite values",
            received=", ".join(str(means[name]) for name in lost),
            remedy="Try a lower training.learning_rate, or training.precision=fp32.",
        )


def _retell(state: TrainingState, tracker: Tracker) -> None:
    """The curves up to now, for a tracker that heard nothing of them; one that did drops what it has."""
    curves = {name: values for name, values in state.curves.items() if name != "images_seen"}
    for position, images_seen in enumerate(state.curves.get("images_seen", ())):
        tracker.scalars(int(images_seen), {name: values[position] for name, values in curves.items()})


def _result(state: TrainingState, snapshots: dict[str, Tensor]) -> TrainingResult:
    columns = ["images_seen", *sorted(set(state.curves) - {"images_seen"})]
    curves = pd.DataFrame(dict(state.curves), columns=columns).astype({"images_seen": "int64"})
    digests = pd.DataFrame(state.digests, columns=["images_seen", "sha256"])
    return TrainingResult(state.averages, state.state_dict(), curves, digests, snapshots)
