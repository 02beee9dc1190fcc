"""The kernel distance in plain NumPy, from Bińkowski et al. 2018, "Demystifying MMD GANs"."""

import numpy as np


def kernel(x: np.ndarray, y: np.ndarray) -> float:
    """Section 4: k(x, y) = (xᵀy / d + 1)³, with d the dimension."""
    return float(np.dot(x, y) / len(x) + 1) ** 3


def squared_mmd(samples: np.ndarray, reference: np.ndarray) -> float:
    """Equation 4, the unbiased estimate: pairs of a sample with itself are left out within a set, not between sets."""
    m, n = len(samples), len(reference)
    within_samples = sum(kernel(samples[i], samples[j]) for i in range(m) for j in range(m) if i != j)
    within_reference = sum(kernel(reference[i], reference[j]) for i in range(n) for j in range(n) if i != j)
    between = sum(kernel(x, y) for x in samples for y in reference)
    return within_samples / (m * (m - 1)) + within_reference / (n * (n - 1)) - 2 * between / (m * n)


def kernel_distance(
    samples: np.ndarray, reference: np.ndarray, subset_size: int, subsets: int, draw: np.random.RandomState
) -> float:
    """Return the mean of equation 4 over pairs of subsets without replacement, of the samples first."""
    values = []
    for _ in range(subsets):
        chosen = [side[draw.choice(len(side), subset_size, replace=False)] for side in (samples, reference)]
        values.append(squared_mmd(*chosen))
    return float(np.mean(values))
