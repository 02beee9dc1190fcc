"""Thin nodes of the evaluation.

Kedro reads every annotation when it starts, and makes an EvaluationParameters only where all of them can be read
without torch: the domain's own types stand in the functions that are called.
"""

from typing import Any

import pandas as pd

from ganops.config import EvaluationParameters


def train_classifier(store: Any, parameters: EvaluationParameters) -> Any:
    """The classifier of the data, whose features judge."""
    from ganops.metrics.train_classifier import train_classifier as train

    return train(store, parameters.classifier, parameters.threads)


def evaluate_generator(
    bundle: Any, store: Any, classifier: Any, parameters: EvaluationParameters
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Every metric of the generator and its floor, as JSON and as a table."""
    from ganops.metrics.evaluate import evaluate

    report = evaluate(bundle, store, classifier, parameters)
    return report.to_json(), report.table()


def draw_samples(bundle: Any) -> Any:
    """A row of samples a class."""
    from ganops.reporting.samples import sample_grid

    return sample_grid(bundle)


def draw_interpolation(bundle: Any) -> Any:
    """A row a class, from one latent to another."""
    from ganops.reporting.samples import interpolation

    return interpolation(bundle)
