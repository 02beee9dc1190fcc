"""Thin nodes of the evaluation.

Kedro resolves the annotations of a node at start, without torch. Where it cannot resolve one, it passes the parameters
as a plain dictionary; so the types of the domain are `Any` at run time.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from ganops.config import EvaluationParameters
from ganops.pipelines.evaluation.matching import check_same_evaluation, check_same_store
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
    from ganops.evaluation.evaluator import evaluate
    from ganops.evaluation.report import GeneratorIdentity

    check_same_store(bundle, store)
    extractor = feature_extractor.open(store, parameters)
    report = evaluate(bundle, store, extractor, parameters, step_bar("pictures"), bundle.at_snapshots(snapshots))
    report = replace(report, bundle=GeneratorIdentity(bundle.fingerprint, bundle.digest))
    return report, report.table(), report.curve_table()


def draw_metric_curve(metric_curve: pd.DataFrame, report: Report) -> Image:
    """Draw the metrics of the snapshots over images seen, with the floor."""
    from ganops.reporting.metric_curve import draw_metric_curve as draw

    check_same_evaluation(metric_curve, report)
    return draw(metric_curve, report)


def draw_samples(bundle: Any) -> Any:
    """Samples; of pictures a row a class."""
    return _drawings(bundle).samples(bundle)


def draw_interpolation(bundle: Any) -> Any:
    """From one latent to another, a way a class."""
    return _drawings(bundle).interpolation(bundle)


def draw_film(bundle: Any) -> Any:
    """The same ways as a film, there and back."""
    return _drawings(bundle).film(bundle)


def draw_truncations(bundle: Any) -> Any:
    """The same latents at five scales."""
    return _drawings(bundle).truncations(bundle)


def draw_real(bundle: Any, store: Any) -> Any:
    """Training samples beside generated ones."""
    check_same_store(bundle, store)
    return _drawings(bundle).real(bundle, store)


def draw_neighbours(
    bundle: Any, store: Any, feature_extractor: Any, parameters: EvaluationParameters
) -> tuple[Any, pd.DataFrame]:
    """Samples beside those of the training split that are nearest to them, as a picture and as a table."""
    check_same_store(bundle, store)
    extractor = feature_extractor.open(store, parameters)
    return _drawings(bundle).neighbours(bundle, store, extractor, parameters.threads)


def _drawings(bundle: Any) -> Any:
    from ganops.reporting.views import DRAWINGS

    return DRAWINGS[bundle.settings.field]
