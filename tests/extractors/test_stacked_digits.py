"""Stacked digits, on digits that are easy to classify: a bright row at one of ten heights."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from kedro.io import DatasetError

from ganops.data.preparation import prepare
from ganops.data.sources.source import SampleRef, Source
from ganops.data.sources.stacked_mnist import CLASSES
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.evaluation.evaluator import evaluate
from ganops.evaluation.report import PIXEL_METRICS
from ganops.evaluation_config import EvaluationParameters
from ganops.extractors.base import extract
from ganops.extractors.build import StoredExtractor, build_extractor, training_parameters
from ganops.extractors.stacked_digits import ChannelsAsDigits, StackedDigits
from ganops.games.request import GenerationRequest
from ganops.kedro_datasets.feature_extractor_dataset import FeatureExtractorDataset
from ganops.sampling import Samples

from .. import parameters as of_base

LABELS = np.arange(4000) % 1000
CLASSIFIER = {"total_images": 6000, "batch": 50, "width": 4, "dimension": 8, "translation": 0}


def parameters(**changed: object) -> EvaluationParameters:
    few = {"seeds": (1,), "nearest_neighbours": 3, "kid_subset_size": 20, "kid_subsets": 2, "threads": 1}
    classifier = {**of_base.base_values("evaluation")["classifier"], **CLASSIFIER}
    return of_base.evaluation(features="stacked_digits", classifier=classifier, **few | changed)


def stacks(labels: np.ndarray, seed: int) -> np.ndarray:
    """Pictures (N, 10, 9, 3) uint8: channel c has a bright row at the c-th figure of the class."""
    pictures = np.random.default_rng(seed).integers(0, 60, (len(labels), 10, 9, 3), dtype=np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        for channel, figure in enumerate(CLASSES[label]):
            picture[int(figure), :, channel] += 180
    return pictures


def written(path: Path, pictures: np.ndarray, classes: Sequence[str]) -> Store:
    references = [SampleRef(f"{i}", p.copy, int(k)) for i, (p, k) in enumerate(zip(pictures, LABELS, strict=True))]
    prepare(Source(references, tuple(classes)), of_base.data_preparation())[0].write(path)
    return Store.open(path)


@pytest.fixture(scope="module")
def stacked(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Of each class two pictures to train on, one of validation, one held out."""
    return written(tmp_path_factory.mktemp("stacked") / "store", stacks(LABELS, 0), CLASSES)


@pytest.fixture(scope="module")
def extractor(stacked: Store) -> StackedDigits:
    extractor = build_extractor(stacked, parameters()).extractor
    assert isinstance(extractor, StackedDigits)
    return extractor


@dataclass(frozen=True)
class Shows:
    """These classes in turn, and never any label."""

    labels: tuple[int, ...]

    def generate(self, request: GenerationRequest) -> Samples:
        shown = np.resize(self.labels, request.n)
        return Samples(torch.from_numpy(stacks(shown, request.seed)).permute(0, 3, 1, 2).contiguous(), None)


def test_it_learns_all_classes(extractor: StackedDigits) -> None:
    assert extractor.accuracies == {"validation": 1.0, "held_out": 1.0}


def test_modes_and_divergence_are_those_computed_by_hand(stacked: Store, extractor: StackedDigits) -> None:
    report = evaluate(Shows((7, 7, 123, 987)), stacked, extractor, parameters(n=800))
    assert report.metrics["modes"].mean == 3
    # ln 1000 less the entropy of (1/2, 1/4, 1/4).
    assert report.metrics["reverse_kl"].mean == pytest.approx(math.log(1000) - 1.5 * math.log(2))
    assert report.held_out["modes"].mean == 800
    assert report.held_out["reverse_kl"].mean == pytest.approx(math.log(1000 / 800))
    assert report.held_out["class_accuracy"].mean == 1.0
    assert "class_accuracy" not in report.metrics
    assert set(report.metrics) == {
        *("fid", "kid", "precision", "recall", "inception_score", "modes", "reverse_kl", *PIXEL_METRICS)
    }
    assert report.to_json()["classifier_accuracy"] == {"held_out": 1.0, "validation": 1.0}


def test_every_class_once_is_every_mode_and_no_divergence(stacked: Store, extractor: StackedDigits) -> None:
    report = evaluate(Shows(tuple(range(1000))), stacked, extractor, parameters())
    assert report.protocol.n == 1000
    assert report.metrics["modes"].mean == report.held_out["modes"].mean == 1000
    assert report.metrics["reverse_kl"].mean == pytest.approx(0.0, abs=1e-12)


def test_features_follow_one_another_and_probabilities_are_products(extractor: StackedDigits) -> None:
    images = Shows((123, 987, 55)).generate(GenerationRequest(n=3, seed=5)).values
    seen = extract(extractor, images)
    channels = [extract(extractor.digits, images[:, c : c + 1]) for c in range(3)]
    np.testing.assert_allclose(seen.values, np.concatenate([c.values for c in channels], axis=1), rtol=1e-4, atol=1e-5)
    assert seen.probabilities is not None
    for row, label in ((0, 123), (1, 987), (2, 55)):
        for k in (label, 0, 321, 999):
            alone = [c.probabilities[row, int(f)] for c, f in zip(channels, CLASSES[k], strict=True)]  # type: ignore[index]
            assert seen.probabilities[row, k] == pytest.approx(math.prod(alone), rel=1e-4)
    assert seen.probabilities.argmax(axis=1).tolist() == [123, 987, 55]
    np.testing.assert_allclose(seen.probabilities.sum(axis=1), 1.0, rtol=1e-12)
    assert (extractor.dimension, seen.probabilities.shape) == (24, (3, 1000))


def test_each_channel_is_a_digit_in_any_order(stacked: Store) -> None:
    digits, chosen = ChannelsAsDigits(stacked), np.array([11_999, 0, 371, 372, 370, 0])
    images = stacked.read("image", chosen // 3)
    np.testing.assert_array_equal(digits.read("image", chosen), images[np.arange(6), chosen % 3][:, None])
    names = [CLASSES[k] for k in stacked.read("label", chosen // 3)]
    expected = [int(name[channel]) for name, channel in zip(names, chosen % 3, strict=True)]
    assert digits.read("label", chosen).tolist() == expected
    held_out = stacked.indices("held_out")
    assert digits.indices("held_out").tolist() == [3 * i + c for i in held_out.tolist() for c in range(3)]


def test_the_same_seed_gives_the_same_files_and_they_restore_the_extractor(
    stacked: Store, extractor: StackedDigits, tmp_path: Path
) -> None:
    assert build_extractor(stacked, parameters()).extractor.files() == extractor.files()
    dataset = FeatureExtractorDataset(str(tmp_path / "feature_extractor"))
    dataset.save(StoredExtractor(extractor, stacked.digest(), training_parameters(parameters())))
    loaded = dataset.load().open(stacked, parameters())
    assert isinstance(loaded, StackedDigits)
    assert (loaded.files(), loaded.digest, loaded.accuracies) == (
        extractor.files(),
        extractor.digest,
        extractor.accuracies,
    )
    images = Shows((4, 44)).generate(GenerationRequest(n=2, seed=0)).values
    np.testing.assert_array_equal(extract(loaded, images).values, extract(extractor, images).values)


def test_it_differs_from_the_classifier_of_digits_with_equal_weights(extractor: StackedDigits, stacked: Store) -> None:
    assert extractor.digest != extractor.digits.digest
    digest = stacked.digest()
    with pytest.raises(MetricError, match=r"expected stacked_digits, .*received classifier"):
        StoredExtractor(extractor.digits, digest, {}).open(stacked, parameters())
    with pytest.raises(MetricError, match=r"expected classifier, .*received stacked_digits"):
        StoredExtractor(extractor, digest, {}).open(stacked, of_base.evaluation())


@pytest.mark.parametrize("damage", ["other weights", "no digits"])
def test_damaged_files_name_the_command(extractor: StackedDigits, tmp_path: Path, damage: str) -> None:
    dataset = FeatureExtractorDataset(str(tmp_path / "feature_extractor"))
    dataset.save(StoredExtractor(extractor, "0" * 64, {}))
    weights, description = (
        tmp_path / "feature_extractor/weights.safetensors",
        tmp_path / "feature_extractor/extractor.json",
    )
    if damage == "other weights":
        content = bytearray(weights.read_bytes())
        content[-1] ^= 1
        weights.write_bytes(bytes(content))
    else:
        values = json.loads(description.read_text())
        del values["digits"]
        description.write_text(json.dumps(values))
    with pytest.raises(DatasetError, match="Build it again: kedro run --nodes build_extractor") as raised:
        dataset.load()
    assert isinstance(raised.value.__cause__, MetricError)


def test_other_data_than_three_digits_are_refused(store: Store, unlabelled: Store, tmp_path: Path) -> None:
    with pytest.raises(MetricError, match=r"'000' to '999', received 1 channels, 4 classes: 'a' to 'd'"):
        build_extractor(store, parameters())
    with pytest.raises(MetricError, match=r"received 1 channels, 0 classes: none\. .*source=stacked_mnist"):
        build_extractor(unlabelled, parameters())
    swapped = written(tmp_path / "swapped", stacks(LABELS, 0), [CLASSES[1], CLASSES[0], *CLASSES[2:]])
    with pytest.raises(MetricError, match=r"received 3 channels, 1000 classes: '001' to '999'"):
        build_extractor(swapped, parameters())
    grey = written(tmp_path / "grey", stacks(LABELS, 0)[..., :1], CLASSES)
    with pytest.raises(MetricError, match=r"received 1 channels, 1000 classes"):
        build_extractor(grey, parameters())
