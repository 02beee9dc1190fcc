"""Kernel distance (Bińkowski et al. 2018, "Demystifying MMD GANs", section 4): the unbiased estimate of the squared
maximum mean discrepancy under the kernel

    k(x, y) = (xᵀy / d + 1)³

as the mean over `subsets` pairs of random subsets. Unbiased: 0 on average for equal distributions, at any sample
count, and so sometimes negative. With Inception features it is called KID.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric

from ganops.errors import MetricError

# The draw of subsets, fixed: evaluation seeds vary the samples, and this is part of the yardstick.
SUBSET_SEED = 2020


def kernel_distance(
    samples: Float[np.ndarray, "n dimension"],
    reference: Float[np.ndarray, "m dimension"],
    subset_size: int,
    subsets: int,
) -> float:
    """Raises MetricError where a side has fewer samples than `subset_size`: subsets are drawn without replacement."""
    fewest = min(len(samples), len(reference))
    if fewest < subset_size:
        raise MetricError(
            "evaluation.kid_subset_size",
            expected=f"at most the {fewest} samples of the smaller side",
            received=str(subset_size),
            remedy=f"Set evaluation.kid_subset_size to {fewest} or less, or judge more samples.",
        )
    return kid_features_to_metric(
        torch.from_numpy(samples),
        torch.from_numpy(reference),
        kid_subset_size=subset_size,
        kid_subsets=subsets,
        kid_kernel="poly",
        kid_kernel_poly_degree=3,
        kid_kernel_poly_gamma=None,
        kid_kernel_poly_coef0=1,
        rng_seed=SUBSET_SEED,
        verbose=False,
    )[KEY_METRIC_KID_MEAN]
