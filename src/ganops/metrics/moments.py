"""Count, mean and covariance of features, float64, for the Fréchet distance; of one set of them or of several.

They are computed part by part. The moments of the parts merge exactly to those of the whole (Chan,
Golub & LeVeque 1983, "Algorithms for computing the sample variance", equations 2.1, for vectors):

    n = n₁ + n₂,  δ = μ₂ − μ₁,  μ = μ₁ + δ n₂/n,  S = S₁ + S₂ + δδᵀ n₁n₂/n,  Σ = S / (n − 1)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from jaxtyping import Float, Float64

from ganops.errors import MetricError

_ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class Moments:
    """Moments of N vectors, or of several sets of N vectors each.

    Attributes:
        count: N.
        mean: (…, D).
        covariance: (…, D, D), divided by N − 1; zero for a single vector.
    """

    count: int
    mean: Float64[np.ndarray, "*sets dimension"]
    covariance: Float64[np.ndarray, "*sets dimension dimension"]

    def split(self) -> "list[Moments]":
        """Return the moments of the sets along the first axis."""
        return [Moments(self.count, *pair) for pair in zip(self.mean, self.covariance, strict=True)]


def moments_of(features: Float[np.ndarray, "*sets n dimension"], rows_at_once: int = _ROWS_AT_ONCE) -> Moments:
    """Return the moments of the rows of each set; the result does not depend on `rows_at_once` beyond rounding.

    Raises:
        MetricError: there are no rows.
    """
    count = features.shape[-2]
    if count == 0:
        raise MetricError("moments", expected="features", received="none", remedy="Ask for at least one sample.")
    starts = range(0, count, rows_at_once)
    return merge(_moments_of_part(features[..., start : start + rows_at_once, :]) for start in starts)


def merge(parts: Iterable[Moments]) -> Moments:
    """Return the moments of the union of disjoint parts, at least one."""
    return reduce(_merge_two, parts)


def _moments_of_part(features: np.ndarray) -> Moments:
    values = features.astype(np.float64)
    count, mean = values.shape[-2], values.mean(axis=-2)
    centred = values - mean[..., np.newaxis, :]
    return Moments(count, mean, centred.swapaxes(-1, -2) @ centred / max(count - 1, 1))


def _merge_two(first: Moments, second: Moments) -> Moments:
    count = first.count + second.count
    delta = second.mean - first.mean
    scatter = (first.count - 1) * first.covariance + (second.count - 1) * second.covariance
    outer = delta[..., :, np.newaxis] * delta[..., np.newaxis, :]
    scatter = scatter + outer * (first.count * second.count / count)
    return Moments(count, first.mean + delta * (second.count / count), scatter / (count - 1))
