"""Precision and recall of a set of samples.

Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative models", equations 1 and 2:

    f(φ, Φ) = 1 if ‖φ − φ'‖ ≤ ‖φ' − NN_k(φ', Φ)‖ for some φ' of Φ, else 0
    precision = E f(φ_g, Φ_r),  recall = E f(φ_r, Φ_g)

Precision: the share of samples that lie among the real ones (quality). Recall: the share of real ones that lie among
the samples (diversity). Both depend on the two counts: only values at equal counts are comparable.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from ganops.data.progress import Tick, no_tick
from ganops.errors import MetricError

# The size of a block of the distance matrix: at most this many rows, and at most this many numbers.
_ROWS_AT_ONCE = 1000
_NUMBERS_AT_ONCE = 8_000_000


@dataclass(frozen=True)
class Manifold:
    """A set of features Φ, each with the distance to its k-th nearest neighbour in the set."""

    features: Float[np.ndarray, "n dimension"]
    radii: Float64[Tensor, " n"]


def manifold_of(features: Float[np.ndarray, "n dimension"], nearest_neighbours: int, tick: Tick = no_tick) -> Manifold:
    """Compute the radius of each feature; memory grows with n, time with its square.

    Args:
        features: (n, dimension).
        nearest_neighbours: k.
        tick: receives the number of rows done.

    Raises:
        MetricError: there are not more features than `nearest_neighbours`.
    """
    check_neighbours(len(features), nearest_neighbours)
    radii = []
    for rows, distances in _distances(features, features):
        # The nearest of all is the feature itself.
        radii.append(distances.kthvalue(nearest_neighbours + 1).values)
        tick(rows)
    return Manifold(features, torch.cat(radii))


def precision_and_recall(samples: Manifold, reference: Manifold) -> tuple[float, float]:
    """Return (precision, recall), shares of 1; memory grows with n + m, time with their product."""
    return _share_inside(samples.features, reference), _share_inside(reference.features, samples)


def _share_inside(features: np.ndarray, manifold: Manifold) -> float:
    inside = [(d <= manifold.radii).any(dim=1).float() for _, d in _distances(features, manifold.features)]
    return torch.cat(inside).mean().item()


def _distances(first: np.ndarray, second: np.ndarray) -> Iterator[tuple[int, Tensor]]:
    """Yield blocks of rows of the distance matrix, float64, each with its number of rows."""
    rows = max(1, min(_ROWS_AT_ONCE, _NUMBERS_AT_ONCE // len(second)))
    for part in torch.from_numpy(first).split(rows):
        columns = torch.from_numpy(second).split(_ROWS_AT_ONCE)
        yield len(part), torch.cat([torch.cdist(part.double(), column.double()) for column in columns], dim=1)


def check_neighbours(fewest: int, nearest_neighbours: int) -> None:
    """Raise MetricError where the smaller side, of `fewest` samples, has not k others for each sample."""
    if fewest <= nearest_neighbours:
        raise MetricError(
            "evaluation.nearest_neighbours",
            expected=f"fewer than the {fewest} samples of the smaller side",
            received=str(nearest_neighbours),
            remedy=f"Set evaluation.nearest_neighbours to {max(fewest - 1, 1)} or less, or evaluate more samples.",
        )
