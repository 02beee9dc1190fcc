"""Distances between samples and the training samples in one space of features."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from ganops.data.progress import Tick
from ganops.evaluation.report import Protocol
from ganops.extractors.base import FeatureExtractor, Features, extract
from ganops.metrics.fid import frechet_distance
from ganops.metrics.kid import kernel_distance
from ganops.metrics.moments import Moments, moments_of
from ganops.metrics.precision_recall import Manifold, manifold_of, precision_and_recall


@dataclass(frozen=True)
class FeatureReference:
    """The training samples in the features of one extractor.

    Attributes:
        moments: of their features.
        manifold: of their features.
    """

    moments: Moments
    manifold: Manifold

    def measure_distance(self, features: Features) -> float:
        """Return the Fréchet distance of the features."""
        return frechet_distance(moments_of(features.values), self.moments)

    def measure_all(self, features: Features, protocol: Protocol) -> dict[str, float]:
        """Return fid, kid, precision and recall of the features."""
        size, subsets = protocol.kid_subset_size, protocol.kid_subsets
        kid = kernel_distance(features.values, self.manifold.features, size, subsets)
        brief = self.measure_briefly(features, protocol)
        return {"fid": brief["fid"], "kid": kid, **brief}

    def measure_briefly(self, features: Features, protocol: Protocol) -> dict[str, float]:
        """Return fid, precision and recall of the features."""
        manifold = manifold_of(features.values, protocol.nearest_neighbours)
        precision, recall = precision_and_recall(manifold, self.manifold)
        return {"fid": self.measure_distance(features), "precision": precision, "recall": recall}


def read_reference(
    extractor: FeatureExtractor, parts: Iterable[np.ndarray], count: int, nearest_neighbours: int, tick: Tick
) -> FeatureReference:
    """Embed the training samples.

    Args:
        extractor: of the features.
        parts: the samples as stored, in parts.
        count: number of all samples.
        nearest_neighbours: k of precision and recall.
        tick: receives each sample twice.
    """
    values, start = np.empty((count, extractor.dimension), dtype=np.float32), 0
    for rows in parts:
        values[start : start + len(rows)] = extract(extractor, torch.from_numpy(rows), tick).values
        start += len(rows)
    return FeatureReference(moments_of(values), manifold_of(values, nearest_neighbours, tick))
