"""Kernel distance between two sets of features.

Bińkowski et al. 2018, "Demystifying MMD GANs", section 4: the unbiased estimate of the squared maximum mean discrepancy
under the kernel

    k(x, y) = (xᵀy / d + 1)³

as the mean over `subsets` pairs of random subsets. It is unbiased: for equal distributions 0 on average, at any number
of samples, and so sometimes negative. With Inception features it is called KID.
"""

import numpy as np
from jaxtyping import Float
from torch_fidelity.metric_kid import kernel_mmd

from ganops.errors import MetricError

# The subsets are part of the protocol; evaluation seeds vary the samples only.
SUBSET_SEED = 2020
# None: 1 / d.
_KERNEL = {"kid_kernel_poly_degree": 3, "kid_kernel_poly_gamma": None, "kid_kernel_poly_coef0": 1}


def kernel_distance(
    samples: Float[np.ndarray, "n dimension"],
    reference: Float[np.ndarray, "m dimension"],
    subset_size: int,
    subsets: int,
) -> float:
    """Return the mean over the subsets.

    Raises:
        MetricError: a side has fewer samples than `subset_size`; subsets are drawn without replacement.
    """
    fewest = min(len(samples), len(reference))
    if fewest < subset_size:
        raise MetricError(
            "evaluation.kid_subset_size",
            expected=f"at most the {fewest} samples of the smaller side",
            received=str(subset_size),
            remedy=f"Set evaluation.kid_subset_size to {fewest} or less, or evaluate more samples.",
        )
    generator = np.random.RandomState(SUBSET_SEED)
    return float(np.mean([_measure_subsets(samples, reference, subset_size, generator) for _ in range(subsets)]))


def _measure_subsets(samples: np.ndarray, reference: np.ndarray, size: int, generator: np.random.RandomState) -> float:
    # Only the drawn rows become float64: a copy of a large set might not fit into memory.
    drawn = [rows[generator.choice(len(rows), size, replace=False)].astype(np.float64) for rows in (samples, reference)]
    return float(kernel_mmd(*drawn, kid_kernel="poly", **_KERNEL))
