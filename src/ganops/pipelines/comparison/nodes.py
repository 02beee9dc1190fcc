"""Thin nodes of the comparison; annotations as in the training and the evaluation."""

from pathlib import Path
from typing import Any

import pandas as pd

from ganops.config import ComparisonParameters, EvaluationParameters, TrainingParameters


def compare_variants(
    store: Any,
    feature_extractor: Any,
    training: TrainingParameters,
    evaluation: EvaluationParameters,
    comparison: ComparisonParameters,
    checkpoints: Path,
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame, Any]:
    """Train and judge every variant in a run of its own; reports as JSON and as a table, curves, rows of samples."""
    from ganops.extractors.build import open_extractor
    from ganops.pipelines.comparison.variants import train_variants
    from ganops.reporting.comparison import comparison_curves, comparison_table, draw_compared_samples

    compared = train_variants(
        store,
        open_extractor(feature_extractor.made_from(store, evaluation), evaluation),
        comparison.trainings(training),
        evaluation,
        checkpoints,
    )
    reports = {label: variant.to_json() for label, variant in compared.items()}
    return reports, comparison_table(compared), comparison_curves(compared), draw_compared_samples(compared)


def draw_comparison_curves(comparison_curves: pd.DataFrame) -> Any:
    """A panel a metric, a line a variant, over images seen."""
    from ganops.reporting.curves import draw_curves

    return draw_curves(comparison_curves)
