"""The evaluation's nodes refuse what does not belong together."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ganops.data.store import Store
from ganops.errors import BundleError, MetricError
from ganops.evaluation.evaluator import evaluate
from ganops.extractors.build import StoredExtractor, training_parameters
from ganops.extractors.classifier import Classifier
from ganops.kedro_datasets.csv_dataset import CSVDataset
from ganops.pipelines.evaluation.nodes import draw_metric_curve, draw_views, evaluate_generator

from .. import parameters as of_base
from ..bars import classifier, parameters, store, unlabelled
from ..evaluation.test_evaluator import Replay

__all__ = ["classifier", "parameters", "store", "unlabelled"]  # fixtures
PARAMETERS = of_base.evaluation(seeds=(1,), nearest_neighbours=3, kid_subset_size=20, kid_subsets=5, threads=1)


def test_a_bundle_of_another_store_is_refused(store: Store, unlabelled: Store, classifier: Classifier) -> None:
    """By each node that reads both; nothing else of the bundle is asked for."""
    bundle: Any = SimpleNamespace(path="the bundle", store_sha256=unlabelled.digest())
    extractor = StoredExtractor(classifier, store.digest(), training_parameters(PARAMETERS))
    nodes = [
        lambda: evaluate_generator(bundle, {}, store, extractor, PARAMETERS),
        lambda: draw_views(bundle, store, extractor, PARAMETERS),
    ]
    for node in nodes:
        with pytest.raises(BundleError, match=rf"the bundle: .*{store.digest()[:12]}.*{unlabelled.digest()[:12]}"):
            node()


def test_extractor_of_another_store_is_refused(store: Store, unlabelled: Store, classifier: Classifier) -> None:
    bundle: Any = SimpleNamespace(path="the bundle", store_sha256=store.digest())
    extractor = StoredExtractor(classifier, unlabelled.digest(), training_parameters(PARAMETERS))
    for node in (
        lambda: evaluate_generator(bundle, {}, store, extractor, PARAMETERS),
        lambda: draw_views(bundle, store, extractor, PARAMETERS),
    ):
        with pytest.raises(MetricError, match=r"the feature extractor: .*kedro run --from-nodes build_extractor"):
            node()


def test_a_report_and_a_curve_of_two_evaluations_are_not_drawn_together(
    store: Store, classifier: Classifier, tmp_path: Path
) -> None:
    snapshots = {64: Replay(store, classes=(0, 1)), 128: Replay(store)}
    report = evaluate(Replay(store), store, classifier, PARAMETERS, snapshots=snapshots)
    dataset = CSVDataset(filepath=str(tmp_path / "metric_curve.csv"))
    dataset.save(report.curve_table())
    curve = dataset.load()
    assert draw_metric_curve(curve, report).width > 0
    other = evaluate(Replay(store), store, classifier, PARAMETERS, snapshots={64: Replay(store)})
    for wrong in (other, replace(report, curve_sha256=None)):
        with pytest.raises(MetricError, match="the report: expected the report of the metric curve"):
            draw_metric_curve(curve, wrong)
