"""Thin nodes of the evaluation."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from ganops.config import EvaluationParameters

if TYPE_CHECKING:
    from PIL.Image import Image

    from ganops.bundle import Bundle
    from ganops.data.store import Store
    from ganops.metrics.classifier import Classifier


def train_classifier(store: "Store", parameters: EvaluationParameters) -> "Classifier":
    """The classifier of the data, whose features judge."""
    from ganops.metrics.train_classifier import train_classifier as train

    return train(store, parameters.classifier, parameters.threads)


def evaluate_generator(
    bundle: "Bundle", store: "Store", classifier: "Classifier", parameters: EvaluationParameters
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Every metric of the generator and its floor, as JSON and as a table."""
    from ganops.metrics.evaluate import evaluate

    report = evaluate(bundle, store, classifier, parameters)
    return report.to_json(), report.table()


def draw_samples(bundle: "Bundle") -> "Image":
    """A row of samples a class."""
    from ganops.reporting.samples import sample_grid

    return sample_grid(bundle)


def draw_interpolation(bundle: "Bundle") -> "Image":
    """A row a class, from one latent to another."""
    from ganops.reporting.samples import interpolation

    return interpolation(bundle)
