"""Train the classifier, on `train` alone and with addressed noise: the same seed gives the same bytes."""

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from ganops.augment import translate
from ganops.config import SplitName
from ganops.data.loader import Loader, read_fields
from ganops.data.progress import Progress, no_progress
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.evaluation_config import ClassifierParameters
from ganops.extractors.base import FeatureExtractor, extract
from ganops.extractors.classifier import C, Classifier, build, initialise
from ganops.hardware import thread_count
from ganops.noise import Noise

_WARM_UP_SHARE = 0.05
_WEIGHT_DECAY = 1e-2
_ROWS_AT_ONCE = 4096


def train_classifier(
    store: Store, parameters: ClassifierParameters, threads: int, progress: Progress = no_progress
) -> Classifier:
    """Train a classifier of the classes of the store, and measure its accuracy on the other splits.

    Args:
        store: with at least two classes, see `check_classes`.
        parameters: of the training.
        threads: CPU threads; another number gives other weights.
        progress: wraps the training steps.
    """
    return fit_and_measure(lambda: _build_for(store, parameters), store, parameters, threads, progress)


def fit_and_measure(
    construct: Callable[[], C], store: Store, parameters: ClassifierParameters, threads: int, progress: Progress
) -> C:
    """Train the classifier that `construct` returns, and measure its accuracy on the other splits."""
    classifier = _fit_constructed(construct, store, parameters, threads, progress)
    classifier.accuracies = measure_accuracies(classifier, store, threads)
    return classifier


def check_classes(
    store: Store,
    otherwise: str = "Use features that need no classes: evaluation.features=efficientnet_lite0. Or sort the pictures",
) -> None:
    """Raise MetricError where the store has fewer than two classes; `otherwise` begins the remedy."""
    if len(store.classes) < 2:
        raise MetricError(
            f"the classes of {store.path}",
            expected="labels of at least two classes, to train the classifier",
            received=f"{len(store.classes)} classes",
            remedy=f"{otherwise} into sub-folders, one per class, and prepare the data again.",
        )


def fit_classifier(
    store: Store, parameters: ClassifierParameters, threads: int, progress: Progress = no_progress
) -> Classifier:
    """Minimise the cross-entropy by AdamW, with a warm-up and cosine annealing; return the last weights."""
    return _fit_constructed(lambda: _build_for(store, parameters), store, parameters, threads, progress)


def _build_for(store: Store, parameters: ClassifierParameters) -> Classifier:
    channels, image_height, image_width = store.fields["image"].shape
    return build((channels, image_height, image_width), store.classes, parameters.width, parameters.dimension)


def _fit_constructed(
    construct: Callable[[], C], store: Store, parameters: ClassifierParameters, threads: int, progress: Progress
) -> C:
    with thread_count(threads):
        classifier = construct()
        initialise(classifier.network, parameters.seed)
        reads = read_fields(classifier.field, "label")
        _fit(classifier, Loader(store, "train", reads, parameters.seed), parameters, progress)
    return classifier


def _fit(classifier: Classifier, loader: Loader, parameters: ClassifierParameters, progress: Progress) -> None:
    network = classifier.network.train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=parameters.learning_rate, weight_decay=_WEIGHT_DECAY)
    steps = max(1, parameters.total_images // parameters.batch)
    for step in progress(range(steps), steps):
        optimizer.param_groups[0]["lr"] = parameters.learning_rate * _rate_share(step, steps)
        first = step * parameters.batch
        batch = loader.batch(first, parameters.batch)
        noise = Noise(parameters.seed, first, parameters.batch)
        shift = noise.integers("classifier/translation", 2 * parameters.translation + 1, (2,)) - parameters.translation
        _, logits = network(
            translate(classifier.represent(batch[classifier.field]), rows=shift[:, 0], columns=shift[:, 1])
        )
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(logits, batch["label"]).backward()
        optimizer.step()
    network.eval()


def _rate_share(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / (_WARM_UP_SHARE * steps)) * 0.5 * (1 + math.cos(math.pi * step / steps))


def measure_accuracies(extractor: FeatureExtractor, store: Store, threads: int) -> dict[str, float]:
    """Return split → share classified correctly, for validation and held_out where they hold pictures.

    Args:
        extractor: a classifier of the classes of the store.
        store: the data.
        threads: CPU threads.
    """
    splits: tuple[SplitName, ...] = ("validation", "held_out")
    with thread_count(threads):
        return {split: _accuracy(extractor, store, split) for split in splits if len(store.indices(split))}


def _accuracy(extractor: FeatureExtractor, store: Store, split: SplitName) -> float:
    indices = store.indices(split)
    starts = range(0, len(indices), _ROWS_AT_ONCE)
    correct = sum(_count_correct(extractor, store, indices[start : start + _ROWS_AT_ONCE]) for start in starts)
    return correct / len(indices)


def _count_correct(extractor: FeatureExtractor, store: Store, indices: np.ndarray) -> int:
    features = extract(extractor, torch.from_numpy(store.read(extractor.field, indices)))
    assert features.probabilities is not None
    return int(np.count_nonzero(features.probabilities.argmax(axis=1) == store.read("label", indices)))
