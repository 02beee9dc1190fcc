"""Reports on generators of known quality, and their floor at equal n."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ganops.config import FieldName
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.evaluation.evaluator import evaluate, make_evaluator
from ganops.evaluation.pixels import measure_pictures, merge_statistics
from ganops.evaluation.report import COLUMNS, PIXEL_METRICS, Estimate, GeneratorIdentity, Report, table_digest
from ganops.evaluation_config import EvaluationParameters
from ganops.extractors.classifier import Classifier
from ganops.extractors.train_classifier import train_classifier
from ganops.games.request import GenerationRequest
from ganops.noise import Noise
from ganops.sampling import Samples

from .. import parameters as of_base
from ..bars import CLASSES, store_of

PARAMETERS = of_base.evaluation(seeds=(1, 2), nearest_neighbours=3, kid_subset_size=20, kid_subsets=5, threads=1)


@dataclass(frozen=True)
class Replay:
    """Returns training pictures of some classes, with the right label, a wrong one or none."""

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


def test_every_metric_has_a_floor(report: Report) -> None:
    names = {"fid", "kid", "precision", "recall", "inception_score", "class_accuracy", "modes", "reverse_kl"}
    assert set(report.metrics) == names | {*PIXEL_METRICS}
    assert set(report.held_out) == set(report.metrics)


def test_training_pictures_have_precision_one(report: Report) -> None:
    assert report.metrics["precision"].mean == 1.0
    assert report.metrics["modes"] == Estimate(4.0, 0.0)
    assert report.metrics["class_accuracy"].mean >= 0.95


def test_class_accuracy_of_the_floor_is_that_of_the_classifier(report: Report, classifier: Classifier) -> None:
    """All of held_out is evaluated here, so both are the same share."""
    assert report.held_out["class_accuracy"] == Estimate(classifier.accuracies["held_out"], None)


def test_missing_classes_change_the_metrics(report: Report, store: Store, classifier: Classifier) -> None:
    forgetful = evaluate(Replay(store, classes=(0, 1)), store, classifier, PARAMETERS).metrics
    assert forgetful["recall"].mean <= 0.6 * report.metrics["recall"].mean
    assert forgetful["fid"].mean > 3 * report.metrics["fid"].mean
    assert 1.4 * forgetful["inception_score"].mean < report.metrics["inception_score"].mean
    assert forgetful["modes"].mean == 2
    # Two of four classes that are equally frequent: ln 2, and what few samples and the classifier's errors add.
    assert forgetful["reverse_kl"].mean == pytest.approx(np.log(2), abs=0.1)
    assert report.metrics["reverse_kl"].mean < 0.1


def test_wrong_labels_lower_the_class_accuracy(store: Store, classifier: Classifier) -> None:
    wrong = evaluate(Replay(store, label="wrong"), store, classifier, PARAMETERS).metrics
    assert wrong["class_accuracy"].mean <= 0.05


@dataclass(frozen=True)
class Chequered(Replay):
    """Adds a chessboard of ± 10 levels."""

    def generate(self, request: GenerationRequest) -> Samples:
        samples = super().generate(request)
        board = torch.arange(samples.values.shape[2])[:, None] + torch.arange(samples.values.shape[3])
        chequered = (samples.values + (board % 2 * 20 - 10)).clamp(0, 255).to(torch.uint8)
        return Samples(chequered, samples.labels)


def test_checks_are_seen_in_the_pixels(report: Report, store: Store, classifier: Classifier) -> None:
    with_checks = evaluate(Chequered(store), store, classifier, PARAMETERS).metrics
    assert abs(report.metrics["nyquist_db"].mean) < 1 < with_checks["nyquist_db"].mean
    assert with_checks["fwd"].mean > 1.3 * report.metrics["fwd"].mean


def test_pixel_metrics_are_those_of_all_training_pictures(store: Store, classifier: Classifier) -> None:
    """The reference is read part by part; held_out is compared with the whole."""
    held_out, train = (store.read("image", store.indices(split)) for split in ("held_out", "train"))
    expected = measure_pictures(held_out).compare(measure_pictures(train))
    floor = evaluate(Replay(store), store, classifier, PARAMETERS).held_out
    for name in PIXEL_METRICS:
        assert floor[name].mean == pytest.approx(expected[name], rel=1e-9), name


def test_statistics_of_parts_merge_to_those_of_the_whole(store: Store) -> None:
    pictures = store.read("image", store.indices("train"))
    whole = measure_pictures(pictures)
    merged = merge_statistics(map(measure_pictures, (pictures[:7], pictures[7:])))
    assert merged is not None and merged.compare(whole)["fwd"] < 1e-9
    assert merged.nyquist == pytest.approx(whole.nyquist, rel=1e-12)
    assert merge_statistics([None, None]) is None


@pytest.fixture
def with_further(monkeypatch: pytest.MonkeyPatch, classifier: Classifier) -> EvaluationParameters:
    """Parameters with further features, computed by the classifier in place of EfficientNet, for speed."""
    further = (OtherClasses(classifier, "efficientnet_lite2"),)
    monkeypatch.setattr("ganops.evaluation.evaluator.open_further", lambda store, parameters: further)
    return PARAMETERS.model_copy(update={"further_features": ("efficientnet_lite2",)})


def test_further_features_add_distances_of_complete_names(
    report: Report, store: Store, classifier: Classifier, with_further: EvaluationParameters
) -> None:
    """The same features under another name give the same values; the other metrics stay."""
    both = evaluate(Replay(store), store, classifier, with_further, snapshots={100: Replay(store)})
    names = {f"{metric}_efficientnet_lite2": metric for metric in ("fid", "precision", "recall")}
    for found, alone in ((both.metrics, report.metrics), (both.held_out, report.held_out)):
        assert {**found} == {**alone, **{name: alone[metric] for name, metric in names.items()}}
    assert both.protocol.further_features == ("efficientnet_lite2",)
    qualify = both.protocol.qualify
    assert [qualify(name) for name in ("fid", "fwd", *names)] == ["fid_classifier", "fwd", *names]
    assert not set(names) & set(both.curve_table().columns), "the curve has the cheap metrics alone"
    assert Report.from_json(json.loads(json.dumps(both.to_json()))).protocol == both.protocol
    rows = both.table().set_index(["subject", "metric"])
    assert tuple(rows.loc[("held_out", "fid_efficientnet_lite2"), ["features", "weights"]]) == (
        "efficientnet_lite2",
        "of its weights",
    )
    assert tuple(rows.loc[("held_out", "fwd"), ["features", "weights"]]) == ("", "")
    assert "further_features efficientnet_lite2" in str(both.protocol)
    assert "further_features" not in report.to_json()["protocol"]


def test_progress_counts_further_features(
    store: Store, classifier: Classifier, with_further: EvaluationParameters
) -> None:
    done: list[int] = []

    def progress(steps: Iterable[int], total: int) -> Iterable[int]:
        for step in steps:
            done.append(total)
            yield step

    evaluate(Replay(store), store, classifier, with_further, progress, {100: Replay(store)})
    assert set(done) == {len(done)}


def test_class_accuracy_is_absent_without_labels(store: Store, classifier: Classifier) -> None:
    report = evaluate(Replay(store, label="none"), store, classifier, PARAMETERS)
    assert "class_accuracy" not in report.metrics
    assert "class_accuracy" in report.held_out


def test_class_without_training_pictures_leaves_reverse_kl_out(tmp_path: Path) -> None:
    """It would be infinite at the first sample that is taken for one of that class."""
    lacking = store_of(tmp_path / "store", (*CLASSES, "never"))
    short = of_base.classifier(total_images=300, batch=30, width=2, dimension=4, translation=0)
    report = evaluate(Replay(lacking), lacking, train_classifier(lacking, short, threads=1), PARAMETERS)
    for found in (report.metrics, report.held_out):
        assert "modes" in found
        assert "reverse_kl" not in found


def test_the_same_twice(report: Report, store: Store, classifier: Classifier) -> None:
    assert evaluate(Replay(store), store, classifier, PARAMETERS).to_json() == report.to_json()


@dataclass(frozen=True)
class OtherClasses:
    """The features of the classifier, with classes that are not those of the data."""

    classifier: Classifier
    name: str
    field: FieldName = "image"
    resize: str = "somehow"
    classes: tuple[str, ...] = ()
    chunk: int = 128

    @property
    def dimension(self) -> int:
        return self.classifier.dimension

    @property
    def digest(self) -> str:
        return "of its weights"

    @property
    def accuracies(self) -> dict[str, float]:
        return {}

    def quality(self, features: np.ndarray) -> dict[str, float]:
        return {}

    def __call__(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.classifier(images)


@pytest.mark.parametrize("name", ["inception", "efficientnet_lite0"])
def test_extractor_of_other_classes_has_no_class_metrics(
    report: Report, store: Store, unlabelled: Store, classifier: Classifier, name: str
) -> None:
    parameters = PARAMETERS.model_copy(update={"features": name})
    labelled = evaluate(Replay(store), store, OtherClasses(classifier, name), parameters)
    names = ("fid", "kid", "precision", "recall", "inception_score", *PIXEL_METRICS)
    expected = {metric: report.metrics[metric] for metric in names}
    assert labelled.metrics == expected
    assert set(labelled.held_out) == set(expected)
    assert set(labelled.to_json()["metrics"]) == {"generator", "held_out"}
    assert (labelled.protocol.features, labelled.protocol.resize) == (name, "somehow")
    without = evaluate(Replay(store, label="none"), unlabelled, OtherClasses(classifier, name), parameters)
    assert set(without.metrics) == set(without.held_out) == set(expected)


def test_progress_advances_between_seeds(store: Store, classifier: Classifier) -> None:
    done: list[int] = []
    totals: list[int] = []

    def progress(steps: Iterable[int], total: int) -> Iterable[int]:
        totals.append(total)
        for step in steps:
            done.append(step)
            yield step

    class Counting(Replay):
        """Notes how far the progress is at each request."""

        def generate(self, request: GenerationRequest) -> Samples:
            at_requests.append(len(done))
            return super().generate(request)

    at_requests: list[int] = []
    evaluate(Counting(store), store, classifier, PARAMETERS, progress)
    assert totals == [len(done)], "it ends at the announced total"
    first, second = at_requests
    assert 0 < first < second < len(done)


def test_json_has_the_whole_protocol(report: Report, store: Store, classifier: Classifier) -> None:
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
        "wavelet_packets": "Haar of level 1, mirrored to 10 × 10",
        "nyquist_band": "within an eighth of the Nyquist frequency, Hann window",
    }
    assert stored["classifier_accuracy"] == classifier.accuracies
    assert stored["format"] == "ganops-report-3"
    assert set(stored["metrics"]["generator"]["fid"]) == {"mean", "sd"}
    assert set(stored["metrics"]["held_out"]["fid"]) == {"mean"}


def test_the_table_has_a_row_for_each_subject_and_metric(report: Report) -> None:
    table = report.table()
    assert tuple(table.columns) == COLUMNS
    assert list(table["subject"]) == ["generator"] * 10 + ["held_out"] * 10
    assert set(table["seeds"]) == {"1 2", ""}
    assert [value is None or value != value for value in table["sd"]] == [False] * 10 + [True] * 10
    assert not any(table["void"])
    by_trained = replace(report, trained_features=(report.protocol.features,)).table()
    void = {(row["subject"], row["metric"]) for row in by_trained.to_dict("records") if row["void"]}
    assert ("generator", "fid") in void and ("generator", "fwd") not in void
    assert {subject for subject, _ in void} == {"generator"}


def test_the_subset_of_a_small_set_is_all_of_it(store: Store, classifier: Classifier) -> None:
    parameters = PARAMETERS.model_copy(update={"kid_subset_size": 500, "n": 30, "seeds": (1,)})
    assert evaluate(Replay(store), store, classifier, parameters).protocol.kid_subset_size == 30


def test_the_estimate_is_the_mean_and_the_sd_of_a_sample() -> None:
    assert Estimate.of([1.0, 3.0]).mean == 2.0
    assert Estimate.of([1.0, 3.0]).sd == pytest.approx(2**0.5)
    assert Estimate.of([5.0]).to_json() == {"mean": 5.0}
    assert Estimate.of([0.1] * 3) == Estimate(0.1, 0.0)


def test_curve_is_of_the_first_seed_and_ends_in_the_value_of_the_report(store: Store, classifier: Classifier) -> None:
    snapshots = {200: Replay(store), 100: Replay(store, classes=(0, 1))}
    one_seed = PARAMETERS.model_copy(update={"seeds": (1,)})
    alone = evaluate(Replay(store), store, classifier, one_seed)
    curve = evaluate(Replay(store), store, classifier, PARAMETERS, snapshots=snapshots).curve_table()
    assert list(curve["images_seen"]) == [100, 200]
    of_features = {f"{name}_classifier" for name in ("fid", "modes", "class_accuracy", "reverse_kl")}
    assert set(curve.columns[1:]) == of_features | {*PIXEL_METRICS}
    last = curve.iloc[-1]
    for name in curve.columns[1:]:
        assert last[name] == alone.metrics[name.removesuffix("_classifier")].mean, name
    distances = curve["fid_classifier"].tolist()
    assert distances[0] > 3 * distances[1] and curve["modes_classifier"].tolist() == [2.0, 4.0]


def test_a_report_without_snapshots_has_an_empty_curve(report: Report) -> None:
    assert list(report.curve_table().columns) == ["images_seen"] and report.curve_table().empty


def test_evaluator_measures_the_real_data_once(store: Store, classifier: Classifier) -> None:
    totals: list[int] = []

    def progress(steps: Iterable, total: int) -> Iterable:
        totals.append(total)
        yield from steps

    evaluator = make_evaluator(store, classifier, PARAMETERS, progress)
    reports = [evaluator.evaluate(Replay(store, classes=classes)) for classes in ((0, 1, 2, 3), (0, 1))]
    assert totals[1] == len(PARAMETERS.seeds) * len(store.indices("held_out")) < totals[0]
    for report, classes in zip(reports, ((0, 1, 2, 3), (0, 1)), strict=True):
        assert report == evaluate(Replay(store, classes=classes), store, classifier, PARAMETERS)


def test_report_comes_back_from_its_json(report: Report, store: Store, classifier: Classifier) -> None:
    stored = json.loads(json.dumps(report.to_json()))
    assert Report.from_json(stored) == report
    with_curve = evaluate(Replay(store), store, classifier, PARAMETERS, snapshots={100: Replay(store)})
    with_curve = replace(with_curve, bundle=GeneratorIdentity("f1", "5d"))
    again = Report.from_json(with_curve.to_json())
    assert again == replace(with_curve, curve={})
    assert again.curve_sha256 == table_digest(with_curve.curve_table())


@pytest.mark.parametrize(
    ("change", "received"),
    [
        ({"format": None}, "expected the format ganops-report-3, received None"),
        ({"format": "ganops-report-2"}, "received ganops-report-2"),
        ({"protocol": {"seeds": [1]}}, "expected a whole report, received TypeError"),
        ({"metrics": {"generator": {}}}, "expected a whole report, received KeyError: 'held_out'"),
    ],
)
def test_report_of_another_version_names_the_command_that_makes_it(report: Report, change: dict, received: str) -> None:
    with pytest.raises(MetricError, match=f"the report: .*{received}.*kedro run --from-nodes evaluate"):
        Report.from_json({**report.to_json(), **change})
    with pytest.raises(MetricError, match="received none"):
        Report.from_json({"metrics": {}, "protocol": {}})
