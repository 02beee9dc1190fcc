"""From a store and parameters to a finished training."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor

from ganops.bundle import BundleData
from ganops.config import TrainingParameters
from ganops.data.store import Store
from ganops.errors import ConfigurationError
from ganops.games.resolve import Derivation, Hardware, SampleSpec, derivations, resolve
from ganops.hardware import choose_device, multiplies_bf16_faster
from ganops.launch.launch_workers import launch_workers
from ganops.launch.worker import SILENT_TRACKER, Progress, TrainingJob, joined, play
from ganops.threads import core_count
from ganops.training.checkpoint import read_finished
from ganops.training.tracker import Tracker
from ganops.training_settings import Settings

Trained = tuple[dict[str, Any], dict[str, Tensor], BundleData, pd.DataFrame, pd.DataFrame, dict[str, Tensor]]


def launch_training(
    store: Store,
    parameters: TrainingParameters,
    checkpoints: Path,
    open_tracker: Callable[[], AbstractContextManager[Tracker]],
    open_progress: Callable[[], AbstractContextManager[Progress]],
    tell: Callable[[str], None],
    show_settings: Callable[[Sequence[Derivation]], object],
) -> Trained:
    """Settings, training state, bundle, curves, digests and snapshots.

    With training.processes above 1 the three functions are opened or called in the leading one: they are picklable.

    Args:
        open_tracker: opens the tracker of the run.
        open_progress: opens what hears images seen, their total, and scalars.
        tell: takes each message of the health checks.
        show_settings: is called once, before training, with the derived settings.
    """
    work = _work(store, parameters, checkpoints, open_tracker, open_progress, tell)
    show_settings(derivations(parameters, sample_spec(store), work.settings))
    if work.settings.processes > 1:
        launch_workers(work)
        work = work.silently()  # what is still to do is to read the last checkpoint
    result, settings = play(work), work.settings
    frequencies = tuple(store.class_frequencies("train").tolist()) if settings.classes else ()
    classes, origin = store.classes if settings.classes else (), (result.fingerprint, store.digest())
    contents = BundleData(settings, result.ema, classes, frequencies, *origin)
    return settings.model_dump(), result.state, contents, result.curves, result.digests, result.snapshots


def join_training(
    store: Store,
    parameters: TrainingParameters,
    checkpoints: Path,
    processes: int,
    open_progress: Callable[[], AbstractContextManager[Progress]],
    tell: Callable[[str], None],
) -> None:
    """As one of `processes` that a launcher has started: the training's last checkpoint is all that this leaves."""
    together = parameters.model_copy(update={"processes": processes})
    work = _work(store, together, checkpoints, SILENT_TRACKER, open_progress, tell)
    with joined(work.settings.device) as world:
        play(work, world)


def _work(store: Store, parameters: TrainingParameters, checkpoints: Path, *heard: Any) -> TrainingJob:
    shape = sample_spec(store)
    continued = Path(parameters.continue_from).absolute() if parameters.continue_from else None
    digest = read_finished(continued)[0] if continued else None
    settings = resolve(parameters, shape, machine(parameters), digest)
    _require_shared_device(settings)
    # A worker's folder may be another one.
    return TrainingJob(store.path.absolute(), settings, checkpoints.absolute(), continued, *heard)


def _require_shared_device(settings: Settings) -> None:
    """Of whichever launcher: between mps devices no process speaks to another."""
    if settings.device == "mps" and settings.processes > 1:
        raise ConfigurationError(
            "training.processes",
            expected="1 with training.device=mps",
            received=str(settings.processes),
            remedy="Set training.device=cpu, or training.processes=1.",
        )


def sample_spec(store: Store) -> SampleSpec:
    """What the settings follow from."""
    classes, train_count = len(store.classes), len(store.indices("train"))
    if "point" in store.fields:
        (dimension,) = store.fields["point"].shape
        return SampleSpec(dimension, 1, 1, classes, train_count, "point")
    channels, height, width = store.fields["image"].shape
    return SampleSpec(channels, height, width, classes, train_count)


def machine(parameters: TrainingParameters) -> Hardware:
    """The device and the threads asked for, or those that there are."""
    device = choose_device(parameters.device)
    return Hardware(device, parameters.threads or core_count(), multiplies_bf16_faster(device))
