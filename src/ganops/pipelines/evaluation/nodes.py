"""Thin nodes of the evaluation.

Kedro reads every annotation when it starts, and makes an EvaluationParameters only where all of them can be read
without torch: the domain's own types stand in the functions that are called.
"""

from dataclasses import replace
from typing import Any

import pandas as pd

from ganops.config import EvaluationParameters
from ganops.pipelines.evaluation.matching import require_same_evaluation, require_same_store
from ganops.reporting.progress import step_bar


def build_extractor(store: Any, parameters: EvaluationParameters) -> Any:
    """What judges by `evaluation.features`; what cannot be judged stops the run here, before any training.

    Of nodes that could run next, Kedro takes them by name: this one's comes before `train`.
    """
    from ganops.evaluation.requirements import check_evaluable, check_no_external_samples
    from ganops.extractors.build import StoredExtractor, shaping_parameters
    from ganops.extractors.build import build_extractor as make

    check_no_external_samples(parameters)
    check_evaluable(store, parameters)
    judge = make(store, parameters, step_bar("classifier"))
    return StoredExtractor(judge, store.digest(), shaping_parameters(parameters))


def evaluate_generator(
    bundle: Any, snapshots: dict[str, Any], store: Any, feature_extractor: Any, parameters: EvaluationParameters
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Every metric of the generator and its floor, as JSON and as a table; and the curve of its snapshots."""
    from ganops.evaluation.evaluate import evaluate
    from ganops.evaluation.report import GeneratorIdentity
    from ganops.extractors.build import open_extractor

    require_same_store(bundle, store)
    extractor, along = (
        open_extractor(feature_extractor.made_from(store, parameters), parameters),
        bundle.at_snapshots(snapshots),
    )
    report = evaluate(bundle, store, extractor, parameters, step_bar("pictures"), along)
    report = replace(report, bundle=GeneratorIdentity(bundle.fingerprint, bundle.digest))
    return report.to_json(), report.table(), report.curve_table()


def draw_metric_curve(metric_curve: pd.DataFrame, report: dict[str, Any]) -> Any:
    """The snapshots' metrics over images seen, beside the floor."""
    from ganops.reporting.metric_curve import draw_metric_curve as draw

    require_same_evaluation(metric_curve, report)
    return draw(metric_curve, report)


def draw_views(bundle: Any, store: Any, feature_extractor: Any, parameters: EvaluationParameters) -> dict[str, Any]:
    """Draw what the game's views show of the generator: name → function that draws the view when it is saved."""
    from ganops.extractors.build import open_extractor
    from ganops.reporting import views

    require_same_store(bundle, store)
    extractor = open_extractor(feature_extractor.made_from(store, parameters), parameters)
    source = views.ViewSource(bundle, store, extractor, parameters.threads)
    return views.draw_views(bundle.settings.sample.field, bundle.generator.game.views, source)
