"""From a store and parameters to a finished training."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from ganops.bundle import BundleContents
from ganops.config import TrainingParameters
from ganops.data.loader import Loader
from ganops.data.store import Store
from ganops.games.build import build_game
from ganops.games.resolve import DataShape, Machine, derivations, resolve
from ganops.launch.machine import choose_device
from ganops.threads import core_count
from ganops.training.checkpoint import read_finished
from ganops.training.run import Tracker, train

Trained = tuple[dict[str, Any], dict[str, Tensor], BundleContents, pd.DataFrame, pd.DataFrame, dict[str, Tensor]]


def launch_training(
    store: Store,
    parameters: TrainingParameters,
    checkpoints: Path,
    tracker: Tracker,
    progress: Callable[[int, int, Mapping[str, float]], None],
    tell: Callable[[str], None],
) -> Trained:
    """Settings, training state, bundle, curves, digests and snapshots.

    `progress` hears images seen, their total, and scalars; `tell` hears, before training, where each setting is from.
    """
    shape = data_shape(store)
    digest, finished = read_finished(Path(parameters.continue_from)) if parameters.continue_from else (None, None)
    settings = resolve(parameters, shape, machine(parameters), digest)
    for line in derivations(parameters, shape, settings):
        tell(line)
    fields = build_game(settings).fields
    batches = Loader(store, "train", fields, settings.seed, torch.device(settings.device), mirror=settings.mirror)
    result = train(
        settings,
        batches,
        store.digest("train"),
        checkpoints,
        tracker,
        lambda seen, scalars: progress(seen, settings.total_images, scalars),
        finished=finished,
    )
    frequencies = tuple(store.class_frequencies("train").tolist()) if settings.classes else ()
    contents = BundleContents(settings, result.averages, store.classes if settings.classes else (), frequencies)
    return settings.model_dump(), result.state, contents, result.curves, result.digests, result.snapshots


def data_shape(store: Store) -> DataShape:
    """What the settings follow from."""
    classes, train_count = len(store.classes), len(store.indices("train"))
    if "point" in store.fields:
        (dimension,) = store.fields["point"].shape
        return DataShape(dimension, 1, 1, classes, train_count, "point")
    channels, height, width = store.fields["image"].shape
    return DataShape(channels, height, width, classes, train_count)


def machine(parameters: TrainingParameters) -> Machine:
    """The device and the threads asked for, or those that there are."""
    return Machine(choose_device(parameters.device), parameters.threads or core_count())
