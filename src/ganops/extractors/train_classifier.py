"""How the classifier is trained: on `train` alone, by addressed noise, so that the same seed gives the same bytes."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from ganops.augment import translate
from ganops.config import ClassifierParameters, SplitName
from ganops.data.loader import Loader, read_fields
from ganops.data.progress import Progress, no_progress
from ganops.data.store import Store
from ganops.extractors.base import FeatureExtractor, extract
from ganops.extractors.classifier import Classifier, build, initialise
from ganops.hardware import thread_count
from ganops.noise import Noise

_WARM_UP_SHARE = 0.05
_WEIGHT_DECAY = 1e-2
_ROWS_AT_ONCE = 4096


def train_classifier(
    store: Store, parameters: ClassifierParameters, threads: int, progress: Progress = no_progress
) -> Classifier:
    """The classifier of the store's classes, and how rightly it names what it did not learn from.

    Args:
        store: of at least two classes, see `check_evaluable`.
        progress: wraps the steps, told how many there are; shows them go by.
    """
    classifier = fit_classifier(store, parameters, threads, progress)
    classifier.accuracies = accuracies_of(classifier, store, threads)
    return classifier


def fit_classifier(
    store: Store, parameters: ClassifierParameters, threads: int, progress: Progress = no_progress
) -> Classifier:
    """Cross-entropy, AdamW, the rate warmed up and then annealed by half a cosine; the last weights are kept."""
    channels, height, width_pixels = store.fields["image"].shape
    with thread_count(threads):
        shape = (channels, height, width_pixels)
        classifier = build(shape, store.classes, parameters.width, parameters.dimension)
        initialise(classifier.network, parameters.seed)
        _fit(classifier, Loader(store, "train", read_fields("image", "label"), parameters.seed), parameters, progress)
    return classifier


def _fit(classifier: Classifier, loader: Loader, parameters: ClassifierParameters, progress: Progress) -> None:
    network = classifier.network.train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=parameters.learning_rate, weight_decay=_WEIGHT_DECAY)
    steps = max(1, parameters.total_images // parameters.batch)
    for step in progress(range(steps), steps):
        optimizer.param_groups[0]["lr"] = parameters.learning_rate * _rate(step, steps)
        first = step * parameters.batch
        batch = loader.batch(first, parameters.batch)
        noise = Noise(parameters.seed, first, parameters.batch)
        shift = noise.integers("classifier/translation", 2 * parameters.translation + 1, (2,)) - parameters.translation
        _, logits = network(translate(batch["image"], rows=shift[:, 0], columns=shift[:, 1]))
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(logits, batch["label"]).backward()
        optimizer.step()
    network.eval()


def _rate(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / (_WARM_UP_SHARE * steps)) * 0.5 * (1 + math.cos(math.pi * step / steps))


def accuracies_of(extractor: FeatureExtractor, store: Store, threads: int) -> dict[str, float]:
    """Split → share that is named rightly, of the splits that were not learned from; one without pictures has none.

    Args:
        extractor: that tells the store's classes.
    """
    splits: tuple[SplitName, ...] = ("validation", "held_out")
    with thread_count(threads):
        return {split: _accuracy(extractor, store, split) for split in splits if len(store.indices(split))}


def _accuracy(extractor: FeatureExtractor, store: Store, split: SplitName) -> float:
    indices = store.indices(split)
    starts = range(0, len(indices), _ROWS_AT_ONCE)
    right = sum(_right(extractor, store, indices[start : start + _ROWS_AT_ONCE]) for start in starts)
    return right / len(indices)


def _right(extractor: FeatureExtractor, store: Store, indices: np.ndarray) -> int:
    seen = extract(extractor, torch.from_numpy(store.read("image", indices)))
    assert seen.probabilities is not None
    return int(np.count_nonzero(seen.probabilities.argmax(axis=1) == store.read("label", indices)))
