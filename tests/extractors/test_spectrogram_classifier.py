"""The classifier of clips: it learns, depends on its seed alone, and is saved and restored whole."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ganops.data.preparation import prepare
from ganops.data.sources.tones import tones
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.evaluation_config import ClassifierParameters
from ganops.extractors.base import extract
from ganops.extractors.build import StoredExtractor, restore, restore_stored, training_parameters
from ganops.extractors.embedding import build_embedding
from ganops.extractors.spectrogram_classifier import (
    SpectrogramClassifier,
    check_labelled_clips,
    train_spectrogram_classifier,
)
from ganops.games.build import build_game

from ..parameters import classifier as classifier_parameters
from ..parameters import data_preparation, evaluation, resolve_settings
from ..parameters import waves as wave_spec

SHORT: ClassifierParameters = classifier_parameters(total_images=3000, width=8, dimension=32, batch=50)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    path = tmp_path_factory.mktemp("tones") / "store"
    prepare(tones(), data_preparation(source="tones", limit=360))[0].write(path)
    return Store.open(path)


@pytest.fixture(scope="module")
def classifier(store: Store) -> SpectrogramClassifier:
    return train_spectrogram_classifier(store, SHORT, threads=1)


def test_it_knows_the_classes_of_clips_that_it_was_not_trained_on(classifier: SpectrogramClassifier) -> None:
    assert classifier.accuracies["held_out"] > 0.9
    assert (classifier.spectrogram.window, classifier.spectrogram.hop) == (256, 128)
    assert classifier.classes == ("pluck", "swell", "tremolo", "rising", "falling", "chord")


def test_features_are_those_of_the_spectrogram(classifier: SpectrogramClassifier, store: Store) -> None:
    waves = torch.from_numpy(store.read("wave", np.arange(5)))
    features = extract(classifier, waves)
    values = classifier.spectrogram.encode(waves / 32768)
    with torch.inference_mode():
        expected, logits = classifier.network(values)
    np.testing.assert_allclose(features.values, expected.numpy(), atol=1e-4)
    assert features.probabilities is not None
    np.testing.assert_allclose(features.probabilities, logits.double().softmax(1).numpy(), atol=1e-4)


def test_saved_and_restored_it_is_the_same(classifier: SpectrogramClassifier, store: Store) -> None:
    parameters = evaluation(features="spectrogram_classifier", threads=1, classifier=SHORT.model_dump())
    stored = StoredExtractor(classifier, store.digest(), training_parameters(parameters))
    again = restore_stored(stored.files()).open(store, parameters)
    assert isinstance(again, SpectrogramClassifier)
    assert again.files() == classifier.files() and again.accuracies == classifier.accuracies


def test_damaged_files_are_an_error(classifier: SpectrogramClassifier) -> None:
    files = classifier.files()
    with pytest.raises(MetricError, match="sha256"):
        restore({**files, "weights.safetensors": files["weights.safetensors"][:-1] + b"\x01"})


def test_clips_of_another_length_are_refused(classifier: SpectrogramClassifier) -> None:
    with pytest.raises(MetricError, match=r"expected samples of shape \(1, 4096\)"):
        classifier(torch.zeros(2, 1, 4000, dtype=torch.int16))


def test_clips_without_classes_are_refused_with_a_remedy_for_clips(tmp_path: Path) -> None:
    unlabelled = replace(tones(), labels=np.full(1800, -1), classes=())
    prepare(unlabelled, data_preparation(source="tones", limit=50))[0].write(tmp_path / "store")
    with pytest.raises(
        MetricError,
        match=r"at least two classes.*speaker_encoder, which needs no classes, or sort the clips into sub-folders",
    ):
        check_labelled_clips(Store.open(tmp_path / "store"))


@pytest.mark.parametrize("recipe", ["wavegan", "spectrogram_gan"])
def test_the_embedding_of_clips_separates_soft_and_loud_low_and_high(recipe: str) -> None:
    """Of what the game represents: waves, or their spectrograms."""
    settings = resolve_settings(recipe, wave_spec(4096))
    t = torch.arange(4096.0) / 8000
    clips = torch.stack([torch.sin(2 * torch.pi * f * t) * a for f in (300, 3000) for a in (3000, 30000)])
    embedded = build_embedding(settings)(build_game(settings).represent(clips[:, None] / 32768))
    assert embedded.shape == (4, 256)
    assert torch.cdist(embedded, embedded).fill_diagonal_(9).min() > 0.5
