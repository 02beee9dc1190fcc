"""Data and parameters that cannot be evaluated are refused before training."""

from pathlib import Path

import pytest

from ganops.data.store import Store
from ganops.errors import ConfigurationError, MetricError
from ganops.evaluation.evaluator import evaluate
from ganops.evaluation.requirements import check_evaluable, sample_count
from ganops.extractors.classifier import Classifier
from ganops.games.request import GenerationRequest
from ganops.pipelines.evaluation.nodes import build_extractor
from ganops.sampling import Samples

from .. import parameters as of_base

HELD_OUT = 40
UNUSABLE = [
    ({"n": HELD_OUT + 1}, r"evaluation\.n: expected 2 to 40, the size of held_out.*received 41"),
    ({"nearest_neighbours": HELD_OUT}, r"nearest_neighbours: expected fewer than the 40.*Set .* to 39 or less"),
    ({"samples": "elsewhere"}, r"evaluation\.samples: expected null.*--pipelines evaluate_samples"),
    ({"n": 5}, r"nearest_neighbours: expected fewer than the 5"),
]


class NoGenerator:
    def generate(self, request: GenerationRequest) -> Samples:
        raise AssertionError("Nothing should be generated.")


def test_suitable_data_pass(store: Store) -> None:
    assert len(store.indices("held_out")) == HELD_OUT
    check_evaluable(store, of_base.evaluation(n=HELD_OUT, nearest_neighbours=HELD_OUT - 1, kid_subset_size=999))


def test_pictures_without_classes_need_features_without_classes(unlabelled: Store) -> None:
    with pytest.raises(MetricError, match=r"no classes: evaluation\.features=efficientnet_lite0"):
        check_evaluable(unlabelled, of_base.evaluation())
    for features in ("efficientnet_lite0", "inception"):
        check_evaluable(unlabelled, of_base.evaluation(features=features))


@pytest.mark.parametrize(("changed", "message"), UNUSABLE)
def test_the_first_node_and_the_evaluator_refuse_the_same(
    store: Store, classifier: Classifier, changed: dict, message: str
) -> None:
    parameters = of_base.evaluation(**changed)
    with pytest.raises(MetricError, match=message):
        build_extractor(store, parameters)
    with pytest.raises(MetricError, match=message):
        evaluate(NoGenerator(), store, classifier, parameters)


def test_sample_count_is_n_or_all_of_held_out() -> None:
    assert (sample_count(None, 40), sample_count(30, 40), sample_count(40, 40)) == (40, 30, 40)


def test_further_features_are_others_each_once_and_of_pictures(store: Store) -> None:
    for further in (["efficientnet_lite0", "efficientnet_lite0"], ["efficientnet_lite2"]):
        with pytest.raises(ConfigurationError, match=r"evaluation\.further_features: expected features other than"):
            of_base.evaluation(features="efficientnet_lite2", further_features=further)
    with pytest.raises(ConfigurationError, match=r"further_features"):
        of_base.evaluation(further_features=["coordinates"])
    check_evaluable(store, of_base.evaluation(further_features=["efficientnet_lite0", "efficientnet_lite2"]))


def test_weights_of_further_features_are_needed_before_training(store: Store, tmp_path: Path) -> None:
    missing = of_base.evaluation(further_features=["inception"], inception_weights=str(tmp_path / "none.pth"))
    with pytest.raises(MetricError, match=r"none\.pth"):
        build_extractor(store, missing)
