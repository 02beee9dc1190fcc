"""What a report says of generators whose quality is known, and of a floor at equal n."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from ganops.data.store import Store
from ganops.evaluation.evaluate import evaluate, evaluate_by, make_evaluator
from ganops.evaluation.report import COLUMNS, Estimate, Report
from ganops.extractors.classifier import Classifier
from ganops.extractors.train_classifier import train_classifier
from ganops.noise import Noise
from ganops.sampling import GenerationRequest, Samples

from .. import parameters as of_base
from ..bars import CLASSES, store_of

PARAMETERS = of_base.evaluation(seeds=(1, 2), nearest_neighbours=3, kid_subset_size=20, kid_subsets=5, threads=1)


@dataclass(frozen=True)
class Replay:
    """Shows training pictures: of all classes or of some, with the right label, a wrong one or none."""

    store: Store
    classes: tuple[int, ...] = (0, 1, 2, 3)
    label: str = "right"

    def generate(self, request: GenerationRequest) -> Samples:
        indices = self.store.indices("train")
        labels = self.store.read("label", indices)
        kept = indices[np.isin(labels, self.classes)]
        chosen = kept[Noise(request.seed, 0, request.n).integers("replay", len(kept)).numpy()]
        images, labels = (torch.from_numpy(self.store.read(field, chosen)) for field in ("image", "label"))
        return Samples(images, None if self.label == "none" else labels if self.label == "right" else (labels + 1) % 4)


@pytest.fixture(scope="module")
def report(store: Store, classifier: Classifier) -> Report:
    return evaluate(Replay(store), store, classifier, PARAMETERS)


def test_every_metric_stands_beside_its_floor(report: Report) -> None:
    names = {"fid", "kid", "precision", "recall", "inception_score", "class_accuracy", "modes", "reverse_kl"}
    assert set(report.judged) == {f"{name}_classifier" for name in names}
    assert set(report.held_out) == set(report.judged)


def test_training_pictures_lie_among_themselves(report: Report) -> None:
    assert report.judged["precision_classifier"].mean == 1.0
    assert report.judged["modes_classifier"] == Estimate(4.0, 0.0)
    assert report.judged["class_accuracy_classifier"].mean >= 0.95


def test_the_floor_agrees_as_often_as_the_classifier_is_right(report: Report, classifier: Classifier) -> None:
    """All of held_out is judged here, so both are the same share."""
    assert report.held_out["class_accuracy_classifier"] == Estimate(classifier.accuracies["held_out"], None)


def test_a_generator_that_forgets_classes_is_found_out(report: Report, store: Store, classifier: Classifier) -> None:
    forgetful = evaluate(Replay(store, classes=(0, 1)), store, classifier, PARAMETERS).judged
    assert forgetful["recall_classifier"].mean <= 0.6 * report.judged["recall_classifier"].mean
    assert forgetful["fid_classifier"].mean > 3 * report.judged["fid_classifier"].mean
    assert 1.4 * forgetful["inception_score_classifier"].mean < report.judged["inception_score_classifier"].mean
    assert forgetful["modes_classifier"].mean == 2
    # Two of four classes that are equally frequent: ln 2, and what few samples and the classifier's errors add.
    assert forgetful["reverse_kl_classifier"].mean == pytest.approx(np.log(2), abs=0.1)
    assert report.judged["reverse_kl_classifier"].mean < 0.1


def test_a_generator_that_mistakes_classes_disagrees(store: Store, classifier: Classifier) -> None:
    wrong = evaluate(Replay(store, label="wrong"), store, classifier, PARAMETERS).judged
    assert wrong["class_accuracy_classifier"].mean <= 0.05


def test_class_accuracy_is_absent_where_no_class_was_asked(store: Store, classifier: Classifier) -> None:
    report = evaluate(Replay(store, label="none"), store, classifier, PARAMETERS)
    assert "class_accuracy_classifier" not in report.judged
    assert "class_accuracy_classifier" in report.held_out


def test_a_class_that_no_training_picture_shows_leaves_no_divergence_to_be_had(tmp_path: Path) -> None:
    """It would be infinite at the first sample that is taken for one of that class."""
    lacking = store_of(tmp_path / "store", (*CLASSES, "never"))
    short = of_base.classifier(total_images=300, batch=30, width=2, dimension=4, translation=0)
    report = evaluate(Replay(lacking), lacking, train_classifier(lacking, short, threads=1), PARAMETERS)
    for found in (report.judged, report.held_out):
        assert "modes_classifier" in found
        assert "reverse_kl_classifier" not in found


def test_the_same_twice(report: Report, store: Store, classifier: Classifier) -> None:
    assert evaluate(Replay(store), store, classifier, PARAMETERS).to_json() == report.to_json()


@dataclass(frozen=True)
class Stranger:
    """Sees what the classifier sees, and calls it by names that are not the data's."""

    classifier: Classifier
    name: str
    resize: str = "somehow"
    classes: tuple[str, ...] = ()
    chunk: int = 128

    @property
    def dimension(self) -> int:
        return self.classifier.dimension

    @property
    def digest(self) -> str:
        return "of its weights"

    def __call__(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.classifier(images)


@pytest.mark.parametrize("name", ["inception", "efficientnet_lite0"])
def test_a_judge_of_other_classes_gives_no_metric_of_the_data_s(
    report: Report, store: Store, unlabelled: Store, classifier: Classifier, name: str
) -> None:
    parameters = PARAMETERS.model_copy(update={"features": name})
    labelled = evaluate(Replay(store), store, Stranger(classifier, name), parameters)
    names = ("fid", "kid", "precision", "recall", "inception_score")
    expected = {f"{metric}_{name}": report.judged[f"{metric}_classifier"] for metric in names}
    assert labelled.judged == expected
    assert set(labelled.held_out) == set(expected)
    assert set(labelled.to_json()["metrics"]) == {"generator", "held_out"}
    assert (labelled.protocol.features, labelled.protocol.resize) == (name, "somehow")
    without = evaluate(Replay(store, label="none"), unlabelled, Stranger(classifier, name), parameters)
    assert set(without.judged) == set(without.held_out) == set(expected)


def test_the_progress_moves_with_the_pictures(store: Store, classifier: Classifier) -> None:
    seen: list[int] = []

    def progress(steps: Iterable[int], total: int) -> Iterable[int]:
        for step in steps:
            seen.append(step)
            yield step
        seen.append(-total)

    evaluate(Replay(store), store, classifier, PARAMETERS, progress)
    total = 2 * len(store.indices("train")) + 3 * len(store.indices("held_out"))
    assert seen == [*range(total), -total]


def test_the_json_states_the_whole_protocol(report: Report, store: Store, classifier: Classifier) -> None:
    stored = report.to_json()
    n, reference = len(store.indices("held_out")), len(store.indices("train"))
    assert stored["protocol"] == {
        "features": "classifier",
        "weights": classifier.digest,
        "resize": "none",
        "n": n,
        "reference": "train",
        "reference_n": reference,
        "seeds": [1, 2],
        "nearest_neighbours": 3,
        "kid_subset_size": 20,
        "kid_subsets": 5,
        "inception_score_splits": 1,
        "store": store.digest(),
    }
    assert stored["metrics"]["classifier"] == {
        "accuracy_held_out": classifier.accuracies["held_out"],
        "accuracy_validation": classifier.accuracies["validation"],
    }
    assert set(stored["metrics"]["generator"]["fid_classifier"]) == {"mean", "sd"}
    assert set(stored["metrics"]["held_out"]["fid_classifier"]) == {"mean"}


def test_the_table_has_a_row_for_each_subject_and_metric(report: Report) -> None:
    table = report.table()
    assert tuple(table.columns) == COLUMNS
    assert list(table["subject"]) == ["generator"] * 8 + ["held_out"] * 8
    assert set(table["seeds"]) == {"1 2", ""}
    assert [value is None or value != value for value in table["sd"]] == [False] * 8 + [True] * 8


def test_the_subset_of_a_small_set_is_all_of_it(store: Store, classifier: Classifier) -> None:
    parameters = PARAMETERS.model_copy(update={"kid_subset_size": 500, "n": 30, "seeds": (1,)})
    assert evaluate(Replay(store), store, classifier, parameters).protocol.kid_subset_size == 30


def test_the_estimate_is_the_mean_and_the_sd_of_a_sample() -> None:
    assert Estimate.of([1.0, 3.0]).mean == 2.0
    assert Estimate.of([1.0, 3.0]).sd == pytest.approx(2**0.5)
    assert Estimate.of([5.0]).to_json() == {"mean": 5.0}


def test_the_curve_is_of_the_first_seed_and_ends_in_the_reports_value(store: Store, classifier: Classifier) -> None:
    along = {200: Replay(store), 100: Replay(store, classes=(0, 1))}
    one_seed = PARAMETERS.model_copy(update={"seeds": (1,)})
    alone = evaluate(Replay(store), store, classifier, one_seed)
    curve = evaluate(Replay(store), store, classifier, PARAMETERS, along=along).curve_table()
    assert list(curve["images_seen"]) == [100, 200]
    assert set(curve.columns[1:]) == {f"{name}_classifier" for name in ("fid", "modes", "class_accuracy", "reverse_kl")}
    last = curve.iloc[-1]
    for name in curve.columns[1:]:
        assert last[name] == alone.judged[name].mean, name
    distances = curve["fid_classifier"].tolist()
    assert distances[0] > 3 * distances[1] and curve["modes_classifier"].tolist() == [2.0, 4.0]


def test_a_report_without_snapshots_has_an_empty_curve(report: Report) -> None:
    assert list(report.curve_table().columns) == ["images_seen"] and report.curve_table().empty


def test_a_yardstick_serves_many_and_looks_at_the_real_pictures_once(store: Store, classifier: Classifier) -> None:
    looked: list[int] = []

    def counted(steps: Iterable, total: int) -> Iterable:
        looked.append(total)
        yield from steps

    evaluator = make_evaluator(store, classifier, PARAMETERS, counted)
    reports = [evaluate_by(evaluator, Replay(store, classes=classes)) for classes in ((0, 1, 2, 3), (0, 1))]
    n, reference = len(store.indices("held_out")), len(store.indices("train"))
    assert looked == [2 * reference + 3 * n, 2 * n]
    for report, classes in zip(reports, ((0, 1, 2, 3), (0, 1)), strict=True):
        assert report == evaluate(Replay(store, classes=classes), store, classifier, PARAMETERS)
