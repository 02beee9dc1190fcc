"""Modes: of the data's classes, which a generator shows, and how evenly (Metz et al. 2017, "Unrolled generative
adversarial networks", section 3.3.1; Srivastava et al. 2017, "VEEGAN", section 4).

    modes = |{k : c_k > 0}|,  KL(p ‖ q) = Σ_k p_k ln(p_k / q_k),  p_k = c_k / n

c_k counts the samples in which a classifier sees class k; q_k is the share of class k among the training pictures. The
papers call it the reverse divergence, since training by maximum likelihood minimises KL(q ‖ p). Both move with n: of
samples that are drawn as the data, few enough miss classes, and of K classes the divergence is about (K − 1) / 2n: that
is what a perfect generator reaches, 0.0195 for K = 1000 and n = 25,600. The floor lies below it where real data are
split class by class: the classes of what is held out then are more even than independent draws.
"""

import math

import numpy as np
from jaxtyping import Float64, Int64


def modes(counts: Int64[np.ndarray, " classes"]) -> int:
    """How many classes at least one sample is of."""
    return int(np.count_nonzero(counts))


def reverse_kl(counts: Int64[np.ndarray, " classes"], frequencies: Float64[np.ndarray, " classes"]) -> float:
    """KL(p ‖ q) ≥ 0 in nats; infinite where a sample is of a class that the data lack.

    Args:
        counts: samples a class, at least one in all.
        frequencies: q, sums to 1. A class that neither samples nor data have counts for nothing.
    """
    shown = counts > 0
    if (frequencies[shown] == 0).any():
        return math.inf
    p = counts[shown] / counts.sum()
    return max(float((p * np.log(p / frequencies[shown])).sum()), 0.0)
