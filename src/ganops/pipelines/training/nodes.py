"""Thin nodes of the training pipeline.

Kedro reads every annotation when it starts, and makes a TrainingParameters only where all of them can be read without
torch: the domain's own types are known to type checkers only.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ganops.training_config import TrainingParameters

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from ganops.bundle import BundleData
    from ganops.data.store import Store
else:
    BundleData = Image = Store = Tensor = Any

Trained = tuple[dict[str, Any], dict[str, Tensor], BundleData, pd.DataFrame, pd.DataFrame, dict[str, Tensor]]


def train_generator(store: Store, parameters: TrainingParameters, checkpoints: Path) -> Trained:
    """Train, and return settings, state, bundle, curves, digests and snapshots."""
    from ganops.launch.launch import launch_training
    from ganops.reporting.progress import open_progress_bar
    from ganops.reporting.settings_table import print_settings
    from ganops.tracking.mlflow_tracker import tracker_factory
    from ganops.training.tracker import open_trackers

    outputs = launch_training(
        store,
        parameters,
        checkpoints=checkpoints,
        open_tracker=partial(open_trackers, tracker_factory(vocabulary=store.vocabulary), open_progress_bar),
        show_settings=print_settings,
    )
    settings = outputs.settings.model_dump()
    return settings, outputs.state, outputs.bundle, outputs.curves, outputs.digests, outputs.snapshots


def draw_curves(training_scalars: pd.DataFrame) -> Image:
    """Draw losses, logits and penalties over images seen."""
    from ganops.reporting.curves import draw_curves as draw

    return draw(training_scalars)
