"""One training from its settings to its result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn

from ganops.games.build import build_game
from ganops.games.game import Game
from ganops.tensors import encode_text
from ganops.threads import thread_count
from ganops.training.checkpoint import Checkpoints, fingerprint
from ganops.training.distributed import SINGLE_PROCESS, Distributed
from ganops.training.interruption import deferred_signals
from ganops.training.probe import Probe, ProbeData
from ganops.training.recovery import train_with_restarts
from ganops.training.state import TrainingState
from ganops.training.step import Batches
from ganops.training.stopwatch import Stopwatch
from ganops.training.tracker import SilentTracker, Tracker
from ganops.training.trainer import TrainingContext
from ganops.training_settings import Settings

Progress = Callable[[int, Mapping[str, float]], None]
Tell = Callable[[str], None]


def unheard(*told: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class TrainingResult:
    """The averaged networks, the whole state, curves, the states' digests, and snapshots, which also hold the
    `fingerprint` as a text (`tensors.encode_text`)."""

    ema: dict[str, nn.Module]
    state: dict[str, Tensor]
    curves: pd.DataFrame
    digests: pd.DataFrame
    snapshots: dict[str, Tensor]
    fingerprint: str


def train(
    settings: Settings,
    batches: Batches,
    data_digest: str,
    checkpoints: Path,
    tracker: Tracker,
    progress: Progress = unheard,
    world: Distributed = SINGLE_PROCESS,
    finished: dict[str, Tensor] | None = None,
    tell: Tell = unheard,
    lookout: ProbeData | None = None,
) -> TrainingResult:
    """Play the game from the last checkpoint of this fingerprint, or from the start, to total_images.

    The last checkpoint stays: whoever has stored the result removes it. Until then nothing is played twice. Of several
    processes the leading one alone is heard and writes.

    Args:
        progress: hears images seen, and scalars; they fall back where a lost game does.
        finished: the state of a training to go on from, whose digest is settings.continued_from.
        tell: hears, in words, what the watch has seen, and for whom this training waits.
        lookout: what the watch needs to see diversity and memorising; None: it is blind to them.

    Raises:
        TrainingError: the game was lost in every attempt.
    """
    torch.backends.cudnn.deterministic = True
    if not world.leads:
        tracker, progress, tell = SilentTracker(), unheard, unheard
    key = fingerprint(settings, data_digest)
    tracker.note("fingerprint", key)
    scratch = Checkpoints(checkpoints / key)
    with scratch.alone(tell, world), thread_count(world.threads(settings.threads)):
        state = _played(settings, batches, scratch, tracker, progress, world, finished, tell, lookout)
        return _result(state, scratch.snapshots.gathered(), key)


def _played(
    settings: Settings,
    batches: Batches,
    scratch: Checkpoints,
    tracker: Tracker,
    progress: Progress,
    world: Distributed,
    finished: dict[str, Tensor] | None,
    tell: Tell,
    lookout: ProbeData | None,
) -> TrainingState:
    game = build_game(settings)
    beginning = partial(_beginning, settings, game, finished)
    state = beginning(0)
    if scratch.restore(state):
        tracker.note("resumed_at_images", str(state.images_seen))
        tell(_resumed(state.images_seen, settings.total_images, scratch.read_run()))
    if world.leads:
        scratch.record_run(tracker.describe_run())
    progress(state.images_seen, {})
    stopwatch = Stopwatch(scratch.folder / "seconds", state.images_seen)
    observer = Probe(game, settings, lookout, world) if lookout else None
    if observer and world.leads and state.images_seen < settings.total_images:
        observer.prepare()  # an embedding that cannot be used stops the run now, not hours later
    heard = (scratch, tracker, progress, tell, world, stopwatch, observer)
    with deferred_signals() as interruption:
        return train_with_restarts(TrainingContext(game, settings, batches, *heard, interruption), state, beginning)


def _resumed(images_seen: int, total_images: int, run: str) -> str:
    """Return the message about the checkpoint from which the training resumes."""
    checkpoint = f"its checkpoint at {images_seen:,} of {total_images:,} images"
    left = f", which the run {run} left" if run else ""
    if images_seen >= total_images:
        return f"The training is complete already: the result is read from {checkpoint}{left}."
    return f"The training goes on from {checkpoint}{left}."


def _beginning(settings: Settings, game: Game, finished: dict[str, Tensor] | None, attempt: int) -> TrainingState:
    state = TrainingState.initial(settings, game, attempt)
    if finished is not None:
        state.continue_from(finished)
    return state


def _result(state: TrainingState, snapshots: dict[str, Tensor], key: str) -> TrainingResult:
    first = ["images_seen", "attempt"]
    columns = [*first, *sorted(set(state.curves) - set(first))]
    curves = pd.DataFrame(dict(state.curves), columns=columns).astype(dict.fromkeys(first, "int64"))
    digests = pd.DataFrame(state.digests, columns=[*first, "sha256"])
    named = {**snapshots, "fingerprint": encode_text(key)}
    return TrainingResult(state.ema, state.state_dict(), curves, digests, named, key)
