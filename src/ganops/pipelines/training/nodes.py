"""Thin nodes of the training pipeline."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ganops.config import TrainingParameters

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from ganops.bundle import BundleContents
    from ganops.data.store import Store

Trained = tuple[dict[str, Any], "dict[str, Tensor]", "BundleContents", pd.DataFrame, pd.DataFrame]


def train_generator(store: "Store", parameters: TrainingParameters, checkpoints: Path) -> Trained:
    """Resolve the settings, play the game, and give settings, state, bundle, curves and digests."""
    from ganops.launch.training import launch_training
    from ganops.reporting.progress import training_progress
    from ganops.tracking.mlflow_tracker import active_tracker

    with active_tracker() as tracker, training_progress() as progress:
        return launch_training(store, parameters, checkpoints, tracker, progress)


def draw_curves(training_scalars: pd.DataFrame) -> "Image":
    """Losses, logits and penalties over images seen."""
    from ganops.reporting.curves import draw_curves as draw

    return draw(training_scalars)
