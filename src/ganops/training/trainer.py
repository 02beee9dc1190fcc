"""One attempt at a training: iterations, and after each the effects that are due."""

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from ganops.config import FieldName
from ganops.games.game import Game
from ganops.games.request import GenerationRequest
from ganops.noise import Noise
from ganops.sampling import Sampler
from ganops.training.checkpoint import Checkpoints
from ganops.training.distributed import SINGLE_PROCESS, Distributed
from ganops.training.health import HealthStatus, Issue, Rule, check_health, not_finite_issue, rules, signals
from ganops.training.interruption import Interruption
from ganops.training.meters import Stopwatch
from ganops.training.probe import Probe, measured_distances
from ganops.training.schedules import Every, log_is_due
from ganops.training.state import TrainingState
from ganops.training.step import Batches, train_iteration
from ganops.training.tracker import SAMPLE_COLUMNS, Tracker
from ganops.training_settings import Settings
from ganops.trend import is_flat

logger = logging.getLogger(__name__)

# A flat distance does not end a training before this share of total_images.
_LEAST_SHARE = 0.25
_MAX_CLASSES, _UNLABELLED_ROWS = 10, 8
_POINTS = 1_000
# Columns of the grid of fixed samples, by its rows. A point is small: a cloud consists of many.
_FIXED_COLUMNS: dict[FieldName, Callable[[int], int]] = {
    "image": lambda rows: SAMPLE_COLUMNS,
    "point": lambda rows: _POINTS // rows,
    "wave": lambda rows: SAMPLE_COLUMNS,
    "tokens": lambda rows: 1,
}


def iterations(
    game: Game, state: TrainingState, settings: Settings, batches: Batches, distributed: Distributed = SINGLE_PROCESS
) -> Iterator[dict[str, Tensor]]:
    """Train from the state's clock to total_images; yield each iteration's detached scalars, still on the device.

    The iterator has no other effect, and between two yields the state is whole. The last batch is as large as the
    others, so that batch statistics never come from a remainder: the clock may end up to one iteration beyond
    total_images.
    """
    while state.images_seen < settings.budget.total_images:
        yield train_iteration(game, state, settings, batches, distributed)


@dataclass(frozen=True)
class TrainingContext:
    """Collaborators shared by all attempts. Only the main process logs and writes."""

    game: Game
    settings: Settings
    batches: Batches
    checkpoints: Checkpoints
    tracker: Tracker
    distributed: Distributed
    stopwatch: Stopwatch
    probe: Probe | None
    interruption: Interruption


@dataclass(frozen=True)
class Due:
    """What is due after one iteration."""

    log: bool
    samples: bool
    snapshot: bool
    checkpoint: bool
    probe: bool

    def at_end(self) -> "Due":
        """Return what is still due where the training ends after this iteration, though not by its budget."""
        return replace(self, samples=True, snapshot=True, checkpoint=True)


@dataclass(frozen=True)
class Cadence:
    """When each effect of a training is due; at the end of the training all are."""

    settings: Settings
    samples: Every
    snapshot: Every
    checkpoint: Every
    probe: Every

    @classmethod
    def from_settings(cls, settings: Settings, min_probe_images: int) -> "Cadence":
        """Build the cadence of a training; the probe measures at checkpoints, at least that many images apart."""
        checkpoint = settings.cadence.checkpoint_every_images
        return cls(
            settings=settings,
            samples=Every(settings.execution.sample_every_images),
            snapshot=Every(settings.cadence.snapshot_every_images),
            checkpoint=Every(checkpoint),
            probe=Every(max(1, math.ceil(min_probe_images / checkpoint)) * checkpoint),
        )

    def due(self, before: int, images_seen: int) -> Due:
        """Return what is due after an iteration that moved the clock from `before` to `images_seen`."""
        last = images_seen >= self.settings.budget.total_images
        return Due(
            log=log_is_due(self.settings, before, images_seen),
            samples=last or self.samples.due(before, images_seen),
            snapshot=last or self.snapshot.due(before, images_seen),
            checkpoint=last or self.checkpoint.due(before, images_seen),
            probe=last or self.probe.due(before, images_seen),
        )


@dataclass(frozen=True)
class Trainer:
    """Runs one attempt and logs to that attempt's tracker."""

    context: TrainingContext
    state: TrainingState
    tracker: Tracker

    def run(self) -> tuple[Issue, ...]:
        """Train to the budget or an interruption; return the issues that make this attempt a failed one.

        An interruption leaves a checkpoint; a failure does not.
        """
        context, state = self.context, self.state
        self.tracker.start(state.images_seen, context.settings.budget.total_images)
        if is_complete(state, context.settings):
            return ()
        before = state.images_seen
        for scalars in iterations(context.game, state, context.settings, context.batches, context.distributed):
            state.window.update(scalars)
            due, before = self._cadence.due(before, state.images_seen), state.images_seen
            stop = context.distributed.any(context.interruption.received is not None)
            means = state.window.pop() if due.log else {}
            row = self._measure(means, due)
            self._log(row, due)
            complete = due.probe and is_complete(state, context.settings)
            due = due.at_end() if complete else due
            if issues := self._check_health(means, row, due.checkpoint or stop):
                return issues
            self._log_samples(due)
            if due.checkpoint:
                state.record_digest()
            if due.checkpoint or stop:
                self._save_checkpoint(due)
            if stop or complete:
                break
        return ()

    @cached_property
    def _cadence(self) -> Cadence:
        probe = self.context.probe
        return Cadence.from_settings(self.context.settings, probe.data.min_interval_images if probe else 0)

    @cached_property
    def _rules(self) -> list[Rule]:
        return rules(self.context.settings, self.state.weights_of_players())

    def _measure(self, means: dict[str, float], due: Due) -> dict[str, float]:
        """Return one point of the curves: the means, the signals that follow from them, and the probe's values."""
        row = {**means, **signals(self.context.settings, means, self.state.curves)}
        if due.probe and self.context.probe:
            row |= self.context.probe.measure(self.state, self.context.batches)
        return row

    def _log(self, row: dict[str, float], due: Due) -> None:
        """Add the point to the curves and log it, with the rates where a log is due."""
        if not row:
            return
        self.state.record(row)
        defined = {name: value for name, value in row.items() if not math.isnan(value)}
        rates = self.context.stopwatch.rates(self.state.images_seen) if due.log else {}
        self.tracker.log_metrics(self.state.images_seen, defined | rates)

    def _check_health(self, means: dict[str, float], row: dict[str, float], saving: bool) -> tuple[Issue, ...]:
        """Return the fatal issues, and report new warnings. Before a checkpoint all values must be finite."""
        if issues := self._check_finite(means, saving):
            return issues
        status = self._status() if row else HealthStatus()
        for warning in status.warnings:
            self.tracker.set_tag(f"warning.{warning.subject}", warning.reason)
            logger.warning("At %s images: %s. %s.", f"{self.state.images_seen:,}", warning.reason, warning.remedy)
        return status.fatal

    def _check_finite(self, means: dict[str, float], saving: bool) -> tuple[Issue, ...]:
        names = [name for name, value in means.items() if not math.isfinite(value)]
        failed = bool(names)  # in every process: the means are those of all
        if saving and not failed:
            names = self.state.not_finite()
            failed = self.context.distributed.any(bool(names))
        return (not_finite_issue(self.context.settings, names),) if failed else ()

    def _status(self) -> HealthStatus:
        return check_health(self._rules, self.state.curves, self.state.images_seen)

    def _log_samples(self, due: Due) -> None:
        """Log samples of the EMA networks and save a snapshot of their weights, where they are due."""
        context, images_seen = self.context, self.state.images_seen
        if context.distributed.is_main and due.samples:
            samples = fixed_samples(context.game, self.state, context.settings, context.batches)
            self.tracker.log_images("samples/fixed_z", images_seen, samples, context.settings.sample.field)
        if context.distributed.is_main and due.snapshot:
            context.checkpoints.snapshots.save(images_seen, self.state.ema)

    def _save_checkpoint(self, due: Due) -> None:
        """Flush the tracker, then save: a checkpoint promises that all before it is logged.

        A checkpoint is healthy only where the probe has measured.
        """
        if self.context.distributed.is_main:
            self.tracker.flush()
            self.context.stopwatch.save()
            self.context.checkpoints.save(self.state, healthy=due.probe and self._status().healthy)


def is_complete(state: TrainingState, settings: Settings) -> bool:
    """Return whether the training ends here: by its budget, or because its distance was flat when last measured.

    A function of the state, equal in all processes: a training that is resumed ends where it would have ended.
    """
    budget = settings.budget
    if state.images_seen >= budget.total_images or not budget.stop_when_flat:
        return state.images_seen >= budget.total_images
    images_seen, distances = measured_distances(state)
    least = state.images_before + max(_LEAST_SHARE * budget.total_images, budget.burn_in_images)
    return bool(distances) and images_seen[-1] >= least and is_flat(images_seen, distances)


def fixed_samples(game: Game, state: TrainingState, settings: Settings, batches: Batches) -> Tensor:
    """Sample the EMA generator from the same inputs at every call, as stored values.

    Eight pictures of each of at most ten classes, without classes sixty-four, or 1,000 points in all. A game with other
    conditions than labels takes them from the first training samples.
    """
    device = torch.device(settings.runtime.device)
    rows = min(settings.sample.classes, _MAX_CLASSES) or _UNLABELLED_ROWS
    columns = _FIXED_COLUMNS[game.generates](rows)
    request = GenerationRequest(n=rows * columns)
    if set(game.conditions) <= {"label"}:
        labels = torch.arange(rows, device=device).repeat_interleave(columns)
        conditions = dict.fromkeys(game.conditions, labels)
    else:
        batch = batches.batch(0, request.n)
        conditions = {name: batch[name] for name in game.conditions}
    inputs = game.draw_inputs(request, Noise(settings.seed, 0, request.n, device), conditions, "fixed")
    return Sampler(game, state.ema, (), device, settings.runtime.threads).sample(inputs)
