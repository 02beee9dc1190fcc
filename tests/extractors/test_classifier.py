import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kedro.io import DatasetError

from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.evaluation_config import ClassifierParameters
from ganops.extractors.base import extract
from ganops.extractors.build import StoredExtractor
from ganops.extractors.classifier import Classifier, Network
from ganops.extractors.train_classifier import train_classifier
from ganops.kedro_datasets.feature_extractor_dataset import FeatureExtractorDataset


def test_it_learns_the_classes(classifier: Classifier) -> None:
    assert set(classifier.accuracies) == {"validation", "held_out"}
    assert min(classifier.accuracies.values()) >= 0.95


def test_the_same_seed_gives_the_same_bytes_and_another_others(
    store: Store, classifier: Classifier, parameters: ClassifierParameters
) -> None:
    assert train_classifier(store, parameters, threads=1).weights() == classifier.weights()
    other = parameters.model_copy(update={"seed": 1, "total_images": 30})
    short = parameters.model_copy(update={"total_images": 30})
    assert train_classifier(store, other, 1).digest != train_classifier(store, short, 1).digest


def test_the_number_of_threads_is_as_before_afterwards(store: Store, parameters: ClassifierParameters) -> None:
    before = torch.get_num_threads()
    train_classifier(store, parameters.model_copy(update={"total_images": 30}), threads=before + 1)
    assert torch.get_num_threads() == before


def test_features_do_not_depend_on_the_other_samples(
    classifier: Classifier, pictures: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = extract(classifier, pictures)
    assert whole.values.shape == (30, classifier.dimension)
    monkeypatch.setattr(classifier, "chunk", 7)
    by_sevens = extract(classifier, pictures).values
    np.testing.assert_allclose(by_sevens, whole.values, rtol=1e-4, atol=1e-5)
    # Equal bytes at equal chunks alone: kernels for other sizes may round differently.
    np.testing.assert_array_equal(extract(classifier, pictures[11:13]).values, by_sevens[11:13])


def test_probabilities_sum_to_one(classifier: Classifier, pictures: torch.Tensor) -> None:
    probabilities = extract(classifier, pictures).probabilities
    assert probabilities is not None
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)


def test_pictures_of_another_shape_are_refused(classifier: Classifier) -> None:
    with pytest.raises(MetricError, match=r"\(1, 9, 10\).*received \(3, 9, 10\)"):
        classifier(torch.zeros(2, 3, 9, 10, dtype=torch.uint8))


def test_no_pictures_have_no_features(classifier: Classifier) -> None:
    with pytest.raises(MetricError, match="received none"):
        extract(classifier, torch.zeros(0, 1, 9, 10, dtype=torch.uint8))


def test_progress_wraps_every_step(store: Store, parameters: ClassifierParameters) -> None:
    seen = []

    def progress(steps: Iterable[Any], total: int) -> Iterable[Any]:
        for step in steps:
            seen.append((step, total))
            yield step

    train_classifier(store, parameters.model_copy(update={"total_images": 95}), 1, progress)
    assert seen == [(0, 3), (1, 3), (2, 3)]


@pytest.mark.parametrize("shape", [(1, 4, 4), (2, 5, 17), (3, 32, 32), (4, 33, 9)])
def test_any_size_and_channels(shape: tuple[int, int, int]) -> None:
    features, logits = Network(*shape, classes=3, base_channels=2, dimension=5)(torch.zeros(2, *shape))
    assert features.shape == (2, 5)
    assert logits.shape == (2, 3)


def test_what_is_saved_is_loaded(classifier: Classifier, pictures: torch.Tensor, tmp_path: Path) -> None:
    dataset = FeatureExtractorDataset(str(tmp_path / "feature_extractor"))
    assert not dataset.exists()
    dataset.save(StoredExtractor(classifier, "5d" * 32, {"threads": 1}))
    dataset.save(StoredExtractor(classifier, "5d" * 32, {"threads": 1}))
    assert (dataset.load().store_sha256, dataset.load().parameters) == ("5d" * 32, {"threads": 1})
    loaded = dataset.load().extractor
    assert isinstance(loaded, Classifier)
    assert (loaded.digest, loaded.accuracies) == (classifier.digest, classifier.accuracies)
    np.testing.assert_array_equal(extract(loaded, pictures).values, extract(classifier, pictures).values)
    assert [path.name for path in tmp_path.iterdir()] == ["feature_extractor"]


@pytest.mark.parametrize(
    "damage", ["no folder", "no weights", "cut weights", "other weights", "other format", "no json", "no store"]
)
def test_damaged_files_name_the_command(classifier: Classifier, tmp_path: Path, damage: str) -> None:
    dataset = FeatureExtractorDataset(str(tmp_path / "feature_extractor"))
    if damage != "no folder":
        dataset.save(StoredExtractor(classifier, "5d" * 32, {"threads": 1}))
    weights, description = (
        tmp_path / "feature_extractor/weights.safetensors",
        tmp_path / "feature_extractor/extractor.json",
    )
    match damage:
        case "no weights":
            weights.unlink()
        case "cut weights":
            weights.write_bytes(weights.read_bytes()[:-5])
        case "other weights":
            content = bytearray(weights.read_bytes())
            content[-1] ^= 1
            weights.write_bytes(bytes(content))
        case "other format":
            description.write_text(json.dumps({"format": "x"}))
        case "no store":
            (tmp_path / "feature_extractor/store.json").write_text("{}")
        case "no json":
            description.write_text("{")
    with pytest.raises(DatasetError, match="Build it again: kedro run --nodes build_extractor") as raised:
        dataset.load()
    assert isinstance(raised.value.__cause__, MetricError)
