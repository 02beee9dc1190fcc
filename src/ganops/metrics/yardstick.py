"""What everything of one report is measured with: the extractor, and the training pictures as it sees them."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float32, Int64

from ganops.config import EvaluationParameters
from ganops.data.progress import Progress
from ganops.data.store import Store
from ganops.metrics.features import FeatureExtractor, Features, extract
from ganops.metrics.fid import frechet_distance
from ganops.metrics.inception_score import SPLITS, inception_score
from ganops.metrics.judgeable import samples_judged
from ganops.metrics.kid import kernel_distance
from ganops.metrics.moments import Moments, moments_of
from ganops.metrics.precision_recall import Manifold, manifold_of, precision_and_recall
from ganops.metrics.report import Protocol
from ganops.metrics.ticks import Ticks
from ganops.noise import permutation
from ganops.sampling import Samples
from ganops.threads import thread_count

REFERENCE = "train"
# Pictures read of the store at once; more would cost memory and save nothing.
_ROWS_AT_ONCE = 1024

# n and an evaluation seed → n samples.
Draw = Callable[[int, int], Samples]
Metrics = dict[str, float]


class Yardstick:
    """Measures samples of several seeds, and the floor, against the reference. Keeps of the reference what all need.

    Args:
        protocol: of the report.
        threads: of the processor.
        progress: wraps the pictures: those of the reference twice, since the distances among them take as long.
    """

    def __init__(
        self, store: Store, extractor: FeatureExtractor, protocol: Protocol, threads: int, progress: Progress
    ) -> None:
        self.extractor, self.protocol = extractor, protocol
        self._store, self._threads, self._progress = store, threads, progress

    def measured(self, draw: Draw) -> tuple[list[Metrics], Metrics]:
        """Metrics of each seed's samples, and of as many held-out pictures."""
        n, seeds = self.protocol.n, self.protocol.seeds
        self._tick = Ticks(self._progress, 2 * self.protocol.reference_n + (len(seeds) + 1) * n)
        with thread_count(self._threads):
            self._look_at_reference()
            drawn = [self._measure(draw(n, seed)) for seed in seeds]
            floor = self._measure(_held_out(self._store, n))
        self._tick.end()
        return drawn, floor

    def _look_at_reference(self) -> None:
        indices = self._store.indices(REFERENCE)
        values: Float32[np.ndarray, "n dimension"] = np.empty((len(indices), self.extractor.dimension), np.float32)
        for start in range(0, len(indices), _ROWS_AT_ONCE):
            images = torch.from_numpy(self._store.read("image", indices[start : start + _ROWS_AT_ONCE]))
            values[start : start + len(images)] = extract(self.extractor, images, self._tick).values
        self._moments: Moments = moments_of(values)
        self._manifold: Manifold = manifold_of(values, self.protocol.nearest_neighbours, self._tick)

    def _measure(self, samples: Samples) -> Metrics:
        seen = extract(self.extractor, samples.images, self._tick)
        values = self._distances(seen)
        if seen.probabilities is not None:
            values["inception_score"] = inception_score(seen.probabilities)
        if seen.probabilities is not None and self.extractor.classes:
            predicted = seen.probabilities.argmax(axis=1)
            if samples.labels is not None:
                values["agreement"] = agreement(predicted, samples.labels.numpy())
            values["classes_covered"] = float(len(np.unique(predicted)))
        return {f"{name}_{seen.name}": value for name, value in values.items()}

    def _distances(self, seen: Features) -> Metrics:
        protocol, reference = self.protocol, self._manifold
        precision, recall = precision_and_recall(manifold_of(seen.values, protocol.nearest_neighbours), reference)
        kid = kernel_distance(seen.values, reference.features, protocol.kid_subset_size, protocol.kid_subsets)
        fid = frechet_distance(moments_of(seen.values), self._moments)
        return {"fid": fid, "kid": kid, "precision": precision, "recall": recall}


def agreement(predicted: Int64[np.ndarray, " n"], asked: Int64[np.ndarray, " n"]) -> float:
    """Share of the samples in which the classifier sees the class that was asked for; of real data its accuracy."""
    return float((predicted == asked).mean())


def protocol_of(store: Store, extractor: FeatureExtractor, parameters: EvaluationParameters) -> Protocol:
    """How this extractor measures by these parameters."""
    n, reference_n = samples_judged(parameters.n, len(store.indices("held_out"))), len(store.indices(REFERENCE))
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
    return Samples(torch.from_numpy(store.read("image", chosen)), labels)
