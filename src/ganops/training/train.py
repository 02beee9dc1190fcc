"""One training from its settings to its result."""

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn

from ganops.games.game import Game
from ganops.hardware import thread_count
from ganops.tensors import encode_text
from ganops.training.checkpoint import Checkpoints, fingerprint
from ganops.training.distributed import SINGLE_PROCESS, Distributed
from ganops.training.interruption import deferred_signals
from ganops.training.meters import Stopwatch
from ganops.training.probe import Probe, ProbeData, measured_distances
from ganops.training.recovery import train_with_restarts
from ganops.training.state import TrainingState
from ganops.training.step import Batches
from ganops.training.tracker import NullTracker, Tracker
from ganops.training.trainer import TrainingContext, is_complete
from ganops.training_settings import Settings
from ganops.trend import describe_doubling

logger = logging.getLogger(__name__)

FinishedState = dict[str, Tensor]


@dataclass(frozen=True)
class TrainingResult:
    """What a training leaves.

    Attributes:
        ema: the averaged networks.
        state: the whole training state.
        curves: a row for each point, a column for each curve.
        digests: the state's sha256 at each checkpoint.
        snapshots: weights of the averaged networks at several times, and the fingerprint as a text
            (`tensors.encode_text`).
        fingerprint: of the training.
    """

    ema: dict[str, nn.Module]
    state: dict[str, Tensor]
    curves: pd.DataFrame
    digests: pd.DataFrame
    snapshots: dict[str, Tensor]
    fingerprint: str


def train(
    game: Game,
    settings: Settings,
    batches: Batches,
    data_digest: str,
    checkpoints: Path,
    tracker: Tracker,
    *,
    distributed: Distributed = SINGLE_PROCESS,
    warm_start: FinishedState | None = None,
    probe_data: ProbeData | None = None,
) -> TrainingResult:
    """Train from the last checkpoint of this fingerprint, or from the start, to total_images.

    The last checkpoint stays until the caller has stored the result and clears it: no iteration is repeated. Of all
    processes only the main one tracks and writes.

    Args:
        game: what is trained, as the settings describe it.
        settings: of the training.
        batches: training data.
        data_digest: sha256 of the data, part of the fingerprint.
        checkpoints: folder with one folder for each fingerprint.
        tracker: receives curves, samples and tags.
        distributed: this process among those of the training.
        warm_start: the finished state to continue from, whose digest is settings.continued_from.
        probe_data: inputs of the diversity and overfitting probe; None disables it.

    Raises:
        TrainingError: every attempt failed.
    """
    torch.backends.cudnn.deterministic = True
    tracker = tracker if distributed.is_main else NullTracker()
    key = fingerprint(settings, data_digest)
    tracker.set_tag("fingerprint", key)
    files = Checkpoints(checkpoints / key)
    initial_state = partial(_initial_state, settings, game, warm_start)
    probe = Probe(game, settings, probe_data, distributed) if probe_data else None
    with files.exclusive(distributed), thread_count(distributed.threads(settings.runtime.threads)):
        state = _restore(initial_state(0), files, tracker, settings)
        if probe and distributed.is_main and not is_complete(state, settings):
            probe.warm_up()  # an unusable embedding must stop the run now, not hours later
        if distributed.is_main:
            files.record_run(tracker.describe_run())
        with deferred_signals() as interruption:
            context = TrainingContext(
                game=game,
                settings=settings,
                batches=batches,
                checkpoints=files,
                tracker=tracker,
                distributed=distributed,
                stopwatch=Stopwatch(files.folder / "seconds", state.images_seen),
                probe=probe,
                interruption=interruption,
            )
            state = train_with_restarts(context, state, initial_state)
        if probe and is_complete(state, settings):
            _log_end(state, settings, tracker)
        return _result(state, files.snapshots.load_all(), key)


def _initial_state(settings: Settings, game: Game, warm_start: FinishedState | None, attempt: int) -> TrainingState:
    state = TrainingState.initial(settings, game, attempt)
    if warm_start is not None:
        state.continue_from(warm_start)
    return state


def _restore(state: TrainingState, files: Checkpoints, tracker: Tracker, settings: Settings) -> TrainingState:
    """Load the newest checkpoint, where there is one, and log from where the training resumes."""
    if files.restore(state):
        tracker.set_tag("resumed_at_images", str(state.images_seen))
        logger.info(_resume_message(state, settings, files.read_run()))
    return state


def _resume_message(state: TrainingState, settings: Settings, run: str) -> str:
    checkpoint = f"its checkpoint at {state.images_seen:,} of {settings.budget.total_images:,} images"
    writer = f", written by the run {run}" if run else ""
    if is_complete(state, settings):
        return f"The training is complete: its result is read from {checkpoint}{writer}."
    return f"The training resumes from {checkpoint}{writer}."


def _log_end(state: TrainingState, settings: Settings, tracker: Tracker) -> None:
    """Log what twice the images would bring, and where a flat distance ended the training before its budget."""
    if state.images_seen < settings.budget.total_images:
        tracker.set_tag("stopped_at_images", str(state.images_seen))
        message = "The distance is flat: the training ends at %s of %s images."
        logger.info(message, f"{state.images_seen:,}", f"{settings.budget.total_images:,}")
    doubling = describe_doubling("the distance to the validation split", *measured_distances(state))
    tracker.set_tag("doubling", doubling)
    logger.info(doubling)


def _result(state: TrainingState, snapshots: dict[str, Tensor], key: str) -> TrainingResult:
    first = ["images_seen", "attempt"]
    columns = [*first, *sorted(set(state.curves) - set(first))]
    curves = pd.DataFrame(dict(state.curves), columns=columns).astype(dict.fromkeys(first, "int64"))
    digests = pd.DataFrame(state.digests, columns=[*first, "sha256"])
    return TrainingResult(
        ema=state.ema,
        state=state.state_dict(),
        curves=curves,
        digests=digests,
        snapshots={**snapshots, "fingerprint": encode_text(key)},
        fingerprint=key,
    )
