"""Precision and recall (Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative
models", equations 1 and 2):

    f(φ, Φ) = 1 if ‖φ − φ'‖ ≤ ‖φ' − NN_k(φ', Φ)‖ for some φ' of Φ, else 0
    precision = E f(φ_g, Φ_r),  recall = E f(φ_r, Φ_g)

Precision: the share of samples that lie among the real ones (quality). Recall: the share of real ones that lie among
the samples (variety). Both move with the two counts: only values at equal counts are comparable.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch_fidelity.metric_prc import KEY_METRIC_PRECISION, KEY_METRIC_RECALL, prc_features_to_metric

from ganops.errors import MetricError

# Rows of the distance matrix held at once, against all columns.
_ROWS_AT_ONCE = 1000


def precision_and_recall(
    samples: Float[np.ndarray, "n dimension"], reference: Float[np.ndarray, "m dimension"], nearest_neighbours: int
) -> tuple[float, float]:
    """(precision, recall), shares of 1; memory grows with n + m, time with their product.

    Raises:
        MetricError: a side has no `nearest_neighbours` others of its own.
    """
    require_neighbours(min(len(samples), len(reference)), nearest_neighbours)
    values = prc_features_to_metric(
        torch.from_numpy(samples),
        torch.from_numpy(reference),
        prc_neighborhood=nearest_neighbours,
        prc_batch_size=_ROWS_AT_ONCE,
        save_cpu_ram=True,
        verbose=False,
    )
    return values[KEY_METRIC_PRECISION], values[KEY_METRIC_RECALL]


def require_neighbours(fewest: int, nearest_neighbours: int) -> None:
    """Raises MetricError where the smaller side, of `fewest` samples, has no k others for each."""
    if fewest <= nearest_neighbours:
        raise MetricError(
            "evaluation.nearest_neighbours",
            expected=f"fewer than the {fewest} samples of the smaller side",
            received=str(nearest_neighbours),
            remedy=f"Set evaluation.nearest_neighbours to {max(fewest - 1, 1)} or less, or judge more samples.",
        )
