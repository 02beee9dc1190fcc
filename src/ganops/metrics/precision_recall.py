"""Precision and recall (Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative
models", equations 1 and 2):

    f(φ, Φ) = 1 if ‖φ − φ'‖ ≤ ‖φ' − NN_k(φ', Φ)‖ for some φ' of Φ, else 0
    precision = E f(φ_g, Φ_r),  recall = E f(φ_r, Φ_g)

Precision: the share of samples that lie among the real ones (quality). Recall: the share of real ones that lie among
the samples (variety). Both move with the two counts: only values at equal counts are comparable.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from ganops.data.progress import Tick, no_tick
from ganops.errors import MetricError

# The distances of one set of rows to all others are held at once: at most so many rows, and at most so many numbers.
_ROWS_AT_ONCE = 1000
_NUMBERS_AT_ONCE = 8_000_000


@dataclass(frozen=True)
class Manifold:
    """A set of features, each with the distance to its k-th neighbour among them: Φ and its balls."""

    features: Float[np.ndarray, "n dimension"]
    radii: Float64[Tensor, " n"]


def manifold_of(features: Float[np.ndarray, "n dimension"], nearest_neighbours: int, tick: Tick = no_tick) -> Manifold:
    """Memory grows with n, time with its square; `tick` hears of rows.

    Raises:
        MetricError: there are no `nearest_neighbours` others.
    """
    require_neighbours(len(features), nearest_neighbours)
    radii = []
    for rows, distances in _distances(features, features):
        # The nearest of all is the feature itself.
        radii.append(distances.kthvalue(nearest_neighbours + 1).values)
        tick(rows)
    return Manifold(features, torch.cat(radii))


def precision_and_recall(samples: Manifold, reference: Manifold) -> tuple[float, float]:
    """(precision, recall), shares of 1; memory grows with n + m, time with their product."""
    return _share_inside(samples.features, reference), _share_inside(reference.features, samples)


def _share_inside(features: np.ndarray, manifold: Manifold) -> float:
    inside = [(d <= manifold.radii).any(dim=1).float() for _, d in _distances(features, manifold.features)]
    return torch.cat(inside).mean().item()


def _distances(first: np.ndarray, second: np.ndarray) -> Iterator[tuple[int, Tensor]]:
    """Some rows of the matrix of distances at a time, float64, and how many; all together (len(first), len(second))."""
    rows = max(1, min(_ROWS_AT_ONCE, _NUMBERS_AT_ONCE // len(second)))
    for part in torch.from_numpy(first).split(rows):
        columns = torch.from_numpy(second).split(_ROWS_AT_ONCE)
        yield len(part), torch.cat([torch.cdist(part.double(), column.double()) for column in columns], dim=1)


def require_neighbours(fewest: int, nearest_neighbours: int) -> None:
    """Raises MetricError where the smaller side, of `fewest` samples, has no k others for each."""
    if fewest <= nearest_neighbours:
        raise MetricError(
            "evaluation.nearest_neighbours",
            expected=f"fewer than the {fewest} samples of the smaller side",
            received=str(nearest_neighbours),
            remedy=f"Set evaluation.nearest_neighbours to {max(fewest - 1, 1)} or less, or judge more samples.",
        )
