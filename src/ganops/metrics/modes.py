"""Modes: how many classes of the data a generator produces, and how evenly.

Metz et al. 2017, "Unrolled generative adversarial networks", 3.3.1; Srivastava et al. 2017, "VEEGAN", section 4:

    modes = |{k : c_k > 0}|,  KL(p ‖ q) = Σ_k p_k ln(p_k / q_k),  p_k = c_k / n

c_k is the number of samples that a classifier assigns to class k; q_k is the share of class k among the training
samples. The papers call it the reverse divergence, since maximum likelihood minimises KL(q ‖ p). Both depend on n: few
samples miss classes even if drawn from the data, and a perfect generator of K classes reaches a divergence of about
(K − 1) / 2n: 0.0195 for K = 1000 and n = 25,600. The floor is lower where real data are split class by class: the
classes of held-out data are then more even than independent draws.
"""

import math

import numpy as np
from jaxtyping import Float64, Int64


def modes(counts: Int64[np.ndarray, " classes"]) -> int:
    """Return the number of classes with at least one sample."""
    return int(np.count_nonzero(counts))


def reverse_kl(counts: Int64[np.ndarray, " classes"], frequencies: Float64[np.ndarray, " classes"]) -> float:
    """Return KL(p ‖ q) ≥ 0 in nats; infinite where a sample has a class that the data lack.

    Args:
        counts: samples per class, at least one in total.
        frequencies: q, sums to 1. A class without samples contributes 0.
    """
    occurring = counts > 0
    if (frequencies[occurring] == 0).any():
        return math.inf
    p = counts[occurring] / counts.sum()
    return max(float((p * np.log(p / frequencies[occurring])).sum()), 0.0)
