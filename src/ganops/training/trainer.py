"""One attempt at a training: at each round the effects that are due, under the eyes of the watch."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ganops.games.game import Game
from ganops.noise import Noise
from ganops.sampling import Sampler
from ganops.training.checkpoint import Checkpoints
from ganops.training.distributed import Distributed
from ganops.training.health import HealthStatus, Issue, Rule, judge, not_finite, rules, signals
from ganops.training.interruption import Interruption
from ganops.training.loop import rounds
from ganops.training.probe import Probe
from ganops.training.state import TrainingState
from ganops.training.step import Batches
from ganops.training.stopwatch import Stopwatch
from ganops.training.tracker import Tracker
from ganops.training_settings import Settings

_COLUMNS, _ROWS = 8, 10
# A point is small: a cloud is of many.
_POINTS = 1_000


@dataclass(frozen=True)
class TrainingContext:
    """What is the same in every attempt. Of several processes the leading one alone is heard and writes."""

    game: Game
    settings: Settings
    batches: Batches
    scratch: Checkpoints
    tracker: Tracker
    progress: Callable[[int, Mapping[str, float]], None]
    tell: Callable[[str], None]
    world: Distributed
    stopwatch: Stopwatch
    observer: Probe | None
    interruption: Interruption


@dataclass
class _Cadence:
    """Due whenever the clock crosses a multiple of `every`: a function of the clock, without state of its own."""

    every: int
    round_images: int

    def due(self, images_seen: int) -> bool:
        return images_seen // self.every > (images_seen - self.round_images) // self.every


@dataclass(frozen=True)
class Trainer:
    """An attempt from its state on; `tracker` is its own."""

    venue: TrainingContext
    state: TrainingState
    tracker: Tracker

    def run(self) -> tuple[Issue, ...]:
        """Round after round to the end of the budget, or to an interruption, which leaves a checkpoint; or to the
        instant at which the game is lost, with what was seen: of that nothing is kept."""
        venue, state, settings = self.venue, self.state, self.venue.settings
        cadences = [_Cadence(every, settings.round_images) for every in _cadences(settings)]
        for scalars in rounds(venue.game, state, settings, venue.batches, venue.world):
            state.window.update(scalars)
            last = state.images_seen >= settings.total_images
            log, sample, snapshot, checkpoint = (last or cadence.due(state.images_seen) for cadence in cadences)
            look = checkpoint and (last or self._may_look)
            interrupted = venue.world.any(venue.interruption.received is not None)
            if lost := self._lost(log, look, checkpoint or interrupted):
                return lost
            self._show(sample, snapshot)
            if checkpoint:
                state.record_digest()
            if checkpoint or interrupted:
                self._keep(look)
            if interrupted:
                break
        return ()

    def _lost(self, log: bool, look: bool, keep: bool) -> tuple[Issue, ...]:
        """What makes the game a lost one, of what is due to be seen now."""
        means = self.state.window.pop() if log else {}
        row = {**means, **signals(self.venue.settings, means, self.state.curves)}
        if look and self.venue.observer:
            row |= self.venue.observer.look(self.state, self.venue.batches)
        if row:
            self._record(row, log)
        names = [name for name, value in means.items() if not math.isfinite(value)]
        broken = bool(names) or (keep and self.venue.world.any(bool(names := self.state.not_finite())))
        if broken:
            return (not_finite(self.venue.settings, names),)
        verdict = self._verdict() if row else HealthStatus()
        for warning in verdict.warnings:
            self.tracker.note(f"warning.{warning.subject}", warning.reason)
            self.venue.tell(f"At {self.state.images_seen:,} images {warning.reason}. {warning.remedy}.")
        return verdict.lost

    def _record(self, row: dict[str, float], log: bool) -> None:
        self.state.record(row)
        known = {name: value for name, value in row.items() if not math.isnan(value)}
        told = known | (self.venue.stopwatch.told(self.state.images_seen) if log else {})
        self.tracker.scalars(self.state.images_seen, told)
        if log:
            self.venue.progress(self.state.images_seen, told)

    def _verdict(self) -> HealthStatus:
        return judge(self._limits, self.state.curves, self.state.images_seen)

    @cached_property
    def _limits(self) -> list[Rule]:
        return rules(self.venue.settings, self.state.weights_of_players())

    def _show(self, sample: bool, snapshot: bool) -> None:
        seen = self.state.images_seen
        if self.venue.world.leads and sample:
            pictures = fixed_samples(self.venue.game, self.state, self.venue.settings)
            self.tracker.images("samples/fixed_z", seen, pictures, _COLUMNS)
        if self.venue.world.leads and snapshot:
            self.venue.scratch.snapshots.save(seen, self.state.ema)

    @property
    def _may_look(self) -> bool:
        """At some of the checkpoints, where they come so often that a look at each would cost too much."""
        observer, settings = self.venue.observer, self.venue.settings
        if observer is None:
            return True
        checkpoints = -(-observer.lookout.least_images // settings.checkpoint_every_images)
        every = checkpoints * settings.checkpoint_every_images
        return _Cadence(every, settings.round_images).due(self.state.images_seen)

    def _keep(self, looked: bool) -> None:
        """What the tracker heard comes first: a checkpoint promises that it is kept. It is healthy only by a look."""
        if self.venue.world.leads:
            self.tracker.flush()
            self.venue.stopwatch.keep()
            self.venue.scratch.save(self.state, looked and self._verdict().healthy)


def fixed_samples(game: Game, state: TrainingState, settings: Settings) -> Tensor:
    """The same latents at every call, of the averaged generator, as they are stored: of at most ten classes eight
    pictures each, without classes sixty-four, or 1,000 points in all."""
    device = torch.device(settings.device)
    generator = Sampler(game, state.ema, settings.latent_dimension, (), device, settings.threads)
    rows = min(settings.classes, _ROWS) or _COLUMNS
    each = _COLUMNS if settings.field == "image" else _POINTS // rows
    latents = Noise(settings.seed, 0, rows * each, device).normal("fixed/latent", (settings.latent_dimension,))
    labels = torch.arange(rows, device=device).repeat_interleave(each) if settings.classes else None
    return generator.from_latents(latents, labels)


def _cadences(settings: Settings) -> tuple[int, int, int, int]:
    kept = settings.snapshot_every_images, settings.checkpoint_every_images
    return settings.log_every_images, settings.sample_every_images, *kept
