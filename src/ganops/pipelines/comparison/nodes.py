"""Thin nodes of the comparison; annotations as in the training and the evaluation."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ganops.comparison_config import ComparisonParameters
from ganops.config import NOUNS
from ganops.evaluation_config import EvaluationParameters
from ganops.training_config import TrainingParameters

if TYPE_CHECKING:
    from PIL.Image import Image

    from ganops.data.store import Store
    from ganops.extractors.build import StoredExtractor
else:
    Image = Store = StoredExtractor = Any


def compare_variants(
    store: Store,
    feature_extractor: StoredExtractor,
    training: TrainingParameters,
    evaluation: EvaluationParameters,
    comparison: ComparisonParameters,
    checkpoints: Path,
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame, Image]:
    """Train and evaluate every variant in a run of its own; return reports, table, curves and rows of samples."""
    from ganops.evaluation.evaluator import make_evaluator
    from ganops.launch.compare import Comparison, check_variants
    from ganops.reporting import comparison as reporting
    from ganops.reporting.progress import open_progress_bar, step_bar
    from ganops.reporting.settings_table import print_settings
    from ganops.reporting.views import draw_first_view, sample_row
    from ganops.tracking.variant_runs import variant_run

    trainings = comparison.trainings(training)
    domains = check_variants(store, trainings)
    extractor = feature_extractor.open(store, evaluation)
    compare = Comparison(
        store=store,
        evaluator=make_evaluator(store, extractor, evaluation, step_bar(NOUNS[extractor.field].many), domains),
        checkpoints=checkpoints,
        open_run=partial(variant_run, vocabulary=store.vocabulary),
        open_progress=open_progress_bar,
        show_settings=print_settings,
        generate_samples=lambda bundle: sample_row(bundle, store),
        draw_picture=lambda bundle: draw_first_view(bundle, store, extractor, evaluation.threads),
    )
    trained = compare.train_all(trainings)
    variants = {
        label: reporting.VariantResult(one.name, one.seed, one.report, one.samples, one.failure)
        for label, one in trained.items()
    }
    reports = {label: variant.to_json() for label, variant in variants.items()}
    table, curves = reporting.comparison_table(variants), reporting.comparison_curves(variants)
    return reports, table, curves, reporting.draw_compared_samples(variants, extractor.field, store.vocabulary)


def draw_comparison_curves(comparison_curves: pd.DataFrame) -> Image:
    """Draw a panel for each metric, with a line for each variant, over images seen."""
    from ganops.reporting.curves import draw_curves

    return draw_curves(comparison_curves)
