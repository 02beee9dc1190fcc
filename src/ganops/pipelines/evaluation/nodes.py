"""Thin nodes of the evaluation.

Kedro resolves the annotations of a node at start, without torch. Where it cannot resolve one, it passes the parameters
as a plain dictionary; so the types of the domain are `Any` at run time.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from ganops.config import NOUNS
from ganops.evaluation_config import EvaluationParameters
from ganops.pipelines.evaluation.matching import check_same_store
from ganops.reporting.progress import step_bar

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from ganops.bundle import Bundle
    from ganops.data.store import Store
    from ganops.evaluation.report import Report
    from ganops.extractors.build import StoredExtractor
else:
    Bundle = Image = Report = Store = StoredExtractor = Tensor = Any


def build_extractor(store: Store, parameters: EvaluationParameters) -> StoredExtractor:
    """Build the feature extractor of `evaluation.features`, or stop the run here, before any training.

    Kedro runs nodes that are ready in the order of their names: this one comes before `train`.
    """
    from ganops.evaluation.requirements import check_evaluable, check_no_external_samples
    from ganops.extractors.build import build_extractor as build

    check_no_external_samples(parameters)
    check_evaluable(store, parameters)
    return build(store, parameters, step_bar("classifier"))


def evaluate_generator(
    bundle: Bundle,
    snapshots: dict[str, Tensor],
    store: Store,
    feature_extractor: StoredExtractor,
    parameters: EvaluationParameters,
) -> tuple[Report, pd.DataFrame, pd.DataFrame]:
    """Return the report on the generator with its floor, the report as a table, and the curve of the snapshots."""
    from ganops.evaluation.evaluator import make_evaluator
    from ganops.evaluation.paired import Pairing
    from ganops.evaluation.report import GeneratorIdentity

    check_same_store(bundle, store)
    extractor = feature_extractor.open(store, parameters)
    evaluator = make_evaluator(store, extractor, parameters, step_bar(NOUNS[extractor.field].many), bundle.game.domains)
    report = evaluator.evaluate(bundle, bundle.at_snapshots(snapshots), Pairing.of(bundle.game))
    identity = GeneratorIdentity(bundle.fingerprint, bundle.digest)
    report = replace(report, bundle=identity, trained_features=bundle.trained_features)
    return report, report.table(), report.curve_table()


def draw_metric_curve(metric_curve: pd.DataFrame, report: Report) -> Image:
    """Draw the metrics of the snapshots over images seen, with the floor."""
    from ganops.reporting.metric_curve import draw_metric_curve as draw

    report.require_curve(metric_curve)
    return draw(metric_curve, report)


def draw_views(
    bundle: Bundle, store: Store, feature_extractor: StoredExtractor, parameters: EvaluationParameters
) -> dict[str, Any]:
    """Draw what the game's views show of the generator: name → function that draws the view when it is saved."""
    from ganops.evaluation.temperatures import Sweep
    from ganops.reporting import views

    check_same_store(bundle, store)
    extractor = feature_extractor.open(store, parameters)
    sweep = Sweep.of(store, parameters)
    source = views.ViewSource(bundle, store, extractor, parameters.threads, parameters.n, sweep)
    return views.draw_views(bundle.game.generates, bundle.game.views, source)
