"""Judges a generator: its pictures, and real ones it never saw, against the training pictures under one protocol.

The distance of `held_out` from `train` is the floor: what a perfect generator would reach at this sample count. Both
are measured at the same n, because every one of these metrics moves with it.
"""

from collections.abc import Iterator
from typing import Protocol as Interface
from typing import runtime_checkable

import numpy as np
import torch
from jaxtyping import Int64, UInt8

from ganops.config import EvaluationParameters
from ganops.data.progress import Progress, unwatched
from ganops.data.store import Store
from ganops.metrics.classifier import Classifier
from ganops.metrics.features import FeatureExtractor, Features, extract
from ganops.metrics.fid import frechet_distance
from ganops.metrics.inception_score import SPLITS, inception_score
from ganops.metrics.judgeable import require_judgeable, samples_judged
from ganops.metrics.kid import kernel_distance
from ganops.metrics.moments import Moments, moments_of
from ganops.metrics.precision_recall import precision_and_recall
from ganops.metrics.report import Estimate, Protocol, Report
from ganops.noise import permutation
from ganops.sampling import GenerationRequest, Samples
from ganops.threads import thread_count

REFERENCE = "train"
# Pictures read of the store at once; more would cost memory and save nothing.
_ROWS_AT_ONCE = 1024


@runtime_checkable
class Judged(Interface):
    """Whatever answers requests: a bundle, or a generator in training."""

    def generate(self, request: GenerationRequest) -> Samples: ...


def evaluate(
    generator: Judged,
    store: Store,
    classifier: Classifier,
    parameters: EvaluationParameters,
    progress: Progress = unwatched,
) -> Report:
    """The report of `generator`: mean and sd over `parameters.seeds`, and the floor.

    Args:
        progress: wraps the seeds, told how many there are; shows them go by.

    Raises:
        MetricError: see `require_judgeable`.
    """
    require_judgeable(store, parameters)
    with thread_count(parameters.threads):
        yardstick = Yardstick(store, classifier, parameters)
        seeds = progress(parameters.seeds, len(parameters.seeds))
        drawn = [yardstick.of_generator(generator, seed) for seed in seeds]
        floor = yardstick.of_held_out()
    return Report(
        generator={name: Estimate.of([values[name] for values in drawn]) for name in drawn[0]},
        held_out={name: Estimate.of([value]) for name, value in floor.items()},
        classifier=classifier.accuracies,
        protocol=yardstick.protocol,
    )


class Yardstick:
    """All that measuring needs, made once: the reference's features and moments, and the protocol."""

    def __init__(self, store: Store, extractor: FeatureExtractor, parameters: EvaluationParameters) -> None:
        self.n = samples_judged(parameters.n, len(store.indices("held_out")))
        self._store, self._extractor = store, extractor
        self._reference = _features_of_split(store, store.indices(REFERENCE), extractor)
        self._moments = moments_of(self._reference.values)
        self.protocol = _protocol(store, extractor, parameters, self.n, len(self._reference))

    def of_generator(self, generator: Judged, seed: int) -> dict[str, float]:
        """Metrics of n samples of one evaluation seed."""
        samples = generator.generate(GenerationRequest(n=self.n, seed=seed))
        labels = None if samples.labels is None else samples.labels.numpy()
        return self._measure(extract(self._extractor, samples.images), labels)

    def of_held_out(self) -> dict[str, float]:
        """Metrics of n held-out pictures, the same ones each time."""
        indices = self._store.indices("held_out")
        chosen = np.sort(indices[permutation(0, "evaluation/held_out", 0, len(indices))[: self.n]])
        labels = self._store.read("label", chosen) if self._store.classes else None
        return self._measure(_features_of_split(self._store, chosen, self._extractor), labels)

    def _measure(self, seen: Features, labels: np.ndarray | None) -> dict[str, float]:
        distances = _distances(seen, self._reference, self._moments, self.protocol)
        values = {f"{name}_{seen.name}": value for name, value in distances.items()}
        if seen.probabilities is not None:
            values[f"inception_score_{seen.name}"] = inception_score(seen.probabilities)
            predicted = seen.probabilities.argmax(axis=1)
            if labels is not None:
                values[f"agreement_{seen.name}"] = agreement(predicted, labels)
            values[f"classes_covered_{seen.name}"] = float(len(np.unique(predicted)))
        return values


def agreement(predicted: Int64[np.ndarray, " n"], asked: Int64[np.ndarray, " n"]) -> float:
    """Share of the samples in which the classifier sees the class that was asked for; of real data its accuracy."""
    return float((predicted == asked).mean())


def _distances(seen: Features, reference: Features, moments: Moments, protocol: Protocol) -> dict[str, float]:
    precision, recall = precision_and_recall(seen.values, reference.values, protocol.nearest_neighbours)
    kid = kernel_distance(seen.values, reference.values, protocol.kid_subset_size, protocol.kid_subsets)
    fid = frechet_distance(moments_of(seen.values), moments)
    return {"fid": fid, "kid": kid, "precision": precision, "recall": recall}


def _features_of_split(store: Store, indices: np.ndarray, extractor: FeatureExtractor) -> Features:
    parts = [extract(extractor, images) for images in _pictures(store, indices)]
    known = [part.probabilities for part in parts if part.probabilities is not None]
    values = np.concatenate([part.values for part in parts])
    return Features(extractor.name, values, np.concatenate(known) if known else None)


def _pictures(store: Store, indices: np.ndarray) -> Iterator[UInt8[torch.Tensor, "n channels height width"]]:
    for start in range(0, len(indices), _ROWS_AT_ONCE):
        yield torch.from_numpy(store.read("image", indices[start : start + _ROWS_AT_ONCE]))


def _protocol(
    store: Store, extractor: FeatureExtractor, parameters: EvaluationParameters, n: int, reference_n: int
) -> Protocol:
    return Protocol(
        features=extractor.name,
        weights=extractor.digest,
        resize="none",
        n=n,
        reference=REFERENCE,
        reference_n=reference_n,
        seeds=parameters.seeds,
        nearest_neighbours=parameters.nearest_neighbours,
        # Of a small set all samples are the subset.
        kid_subset_size=min(parameters.kid_subset_size, n, reference_n),
        kid_subsets=parameters.kid_subsets,
        inception_score_splits=SPLITS,
        store=store.digest(),
    )
