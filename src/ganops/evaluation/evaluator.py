"""What everything of one report is measured with: an extractor, and the training pictures as it sees them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float64, Int64

from ganops.config import EvaluationParameters
from ganops.data.progress import Progress, Tick, Ticks
from ganops.data.store import Store
from ganops.evaluation.report import Protocol
from ganops.evaluation.requirements import sample_count
from ganops.extractors.base import FeatureExtractor, Features, extract
from ganops.extractors.coordinates import Coordinates
from ganops.hardware import thread_count
from ganops.metrics.fid import frechet_distance
from ganops.metrics.inception_score import SPLITS, inception_score
from ganops.metrics.kid import kernel_distance
from ganops.metrics.modes import modes, reverse_kl
from ganops.metrics.moments import Moments, moments_of
from ganops.metrics.precision_recall import Manifold, manifold_of, precision_and_recall
from ganops.noise import permutation
from ganops.sampling import Samples

REFERENCE = "train"
# Pictures read of the store at once; more would cost memory and save nothing.
_ROWS_AT_ONCE = 1024

# n and an evaluation seed → n samples.
Draw = Callable[[int, int], Samples]
Metrics = dict[str, float]


@dataclass(frozen=True)
class Reference:
    """What every comparison with the training pictures needs of them, computed once.

    Attributes:
        frequencies: share of each class.
    """

    moments: Moments
    manifold: Manifold
    frequencies: Float64[np.ndarray, " classes"]


@dataclass
class Evaluator:
    """Measures samples of several seeds, and the floor, against the reference; that and the floor once for all.

    Attributes:
        protocol: of the report.
        threads: of the processor.
        progress: wraps the pictures: those of the reference twice, since the distances among them take as long.
    """

    store: Store
    extractor: FeatureExtractor
    protocol: Protocol
    threads: int
    progress: Progress
    _standard: list[tuple[Reference, Metrics]] = field(default_factory=list, init=False)

    def measured(self, draw: Draw, along: Mapping[int, Draw]) -> tuple[list[Metrics], Metrics, dict[int, Metrics]]:
        """Metrics of each seed's samples, and of as many held-out pictures; and of the first seed's samples of each
        that is `along` the way, what costs no more than to look at them."""
        n, seeds = self.protocol.n, self.protocol.seeds
        of_standard = 0 if self._standard else 2 * self.protocol.reference_n + n
        tick = Ticks(self.progress, of_standard + (len(seeds) + len(along)) * n)
        with thread_count(self.threads):
            if not self._standard:
                reference = self._reference(tick)
                self._standard = [(reference, self._measure(_held_out(self.store, n), reference, tick))]
            ((reference, floor),) = self._standard
            drawn = [self._measure(draw(n, seed), reference, tick) for seed in seeds]
            passed = {key: self._glance(one(n, seeds[0]), reference, tick) for key, one in along.items()}
        tick.end()
        return drawn, floor, passed

    def _reference(self, tick: Tick) -> Reference:
        indices = self.store.indices(REFERENCE)
        values = np.empty((len(indices), self.extractor.dimension), dtype=np.float32)
        for start in range(0, len(indices), _ROWS_AT_ONCE):
            images = torch.from_numpy(self.store.read(self.store.sample_field, indices[start : start + _ROWS_AT_ONCE]))
            values[start : start + len(images)] = extract(self.extractor, images, tick).values
        manifold = manifold_of(values, self.protocol.nearest_neighbours, tick)
        return Reference(moments_of(values), manifold, self.store.class_frequencies(REFERENCE))

    def _measure(self, samples: Samples, reference: Reference, tick: Tick) -> Metrics:
        seen = extract(self.extractor, samples.values, tick)
        values = self._distances(seen, reference)
        if seen.probabilities is not None:
            values["inception_score"] = inception_score(seen.probabilities)
        return _named(values | self._modes(seen, samples, reference), seen)

    def _glance(self, samples: Samples, reference: Reference, tick: Tick) -> Metrics:
        seen = extract(self.extractor, samples.values, tick)
        values = {"fid": frechet_distance(moments_of(seen.values), reference.moments)}
        return _named(values | self._modes(seen, samples, reference), seen)

    def _modes(self, seen: Features, samples: Samples, reference: Reference) -> Metrics:
        if seen.probabilities is None or not self.extractor.classes:
            return {}
        predicted = seen.probabilities.argmax(axis=1)
        counts = np.bincount(predicted, minlength=len(reference.frequencies))
        # Of points the modes are those with a sample of high quality, not all that are nearest to one.
        eyes = self.extractor
        found = eyes.quality(seen.values) if isinstance(eyes, Coordinates) else {"modes": float(modes(counts))}
        return found | _of_classes(predicted, counts, samples, reference.frequencies)

    def _distances(self, seen: Features, reference: Reference) -> Metrics:
        protocol, manifold = self.protocol, reference.manifold
        precision, recall = precision_and_recall(manifold_of(seen.values, protocol.nearest_neighbours), manifold)
        kid = kernel_distance(seen.values, manifold.features, protocol.kid_subset_size, protocol.kid_subsets)
        fid = frechet_distance(moments_of(seen.values), reference.moments)
        return {"fid": fid, "kid": kid, "precision": precision, "recall": recall}


def _named(values: Metrics, seen: Features) -> Metrics:
    return {f"{name}_{seen.name}": value for name, value in values.items()}


def _of_classes(
    predicted: Int64[np.ndarray, " n"],
    counts: Int64[np.ndarray, " classes"],
    samples: Samples,
    frequencies: Float64[np.ndarray, " classes"],
) -> Metrics:
    """Agreement where classes were asked for; the divergence where every class has training pictures: it is finite."""
    values: Metrics = {}
    if samples.labels is not None:
        values["class_accuracy"] = class_accuracy(predicted, samples.labels.numpy())
    if (frequencies > 0).all():
        values["reverse_kl"] = reverse_kl(counts, frequencies)
    return values


def class_accuracy(predicted: Int64[np.ndarray, " n"], asked: Int64[np.ndarray, " n"]) -> float:
    """Share of the samples in which the classifier sees the class that was asked for; of real data its accuracy."""
    return float((predicted == asked).mean())


def protocol_of(store: Store, extractor: FeatureExtractor, parameters: EvaluationParameters) -> Protocol:
    """How this extractor measures by these parameters."""
    n, reference_n = sample_count(parameters.n, len(store.indices("held_out"))), len(store.indices(REFERENCE))
    return Protocol(
        features=extractor.name,
        weights=extractor.digest,
        resize=extractor.resize,
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


def _held_out(store: Store, n: int) -> Samples:
    """n held-out pictures, the same ones each time."""
    indices = store.indices("held_out")
    chosen = np.sort(indices[permutation(0, "evaluation/held_out", 0, len(indices))[:n]])
    labels = torch.from_numpy(store.read("label", chosen)) if store.classes else None
    return Samples(torch.from_numpy(store.read(store.sample_field, chosen)), labels)
