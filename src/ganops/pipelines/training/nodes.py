"""Thin nodes of the training pipeline.

Kedro reads every annotation when it starts, and makes a TrainingParameters only where all of them can be read without
torch: the domain's own types stand in the functions that are called.
"""

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from ganops.config import TrainingParameters

logger = logging.getLogger(__name__)


def train_generator(store: Any, parameters: TrainingParameters, checkpoints: Path) -> tuple[Any, ...]:
    """Resolve the settings, play the game, and give settings, state, bundle, curves, digests and snapshots."""
    from ganops.launch.launch import launch_training
    from ganops.reporting.progress import training_progress
    from ganops.reporting.settings_table import print_settings
    from ganops.tracking.mlflow_tracker import tracker_factory

    return launch_training(
        store, parameters, checkpoints, tracker_factory(), training_progress, logger.info, print_settings
    )


def draw_curves(training_scalars: pd.DataFrame) -> Any:
    """Losses, logits and penalties over images seen."""
    from ganops.reporting.curves import draw_curves as draw

    return draw(training_scalars)
