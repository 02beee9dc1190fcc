"""Fréchet distance between two sets of features.

Heusel et al. 2017, "GANs trained by a two time-scale update rule converge to a local Nash equilibrium", equation 6:

    d² = ‖μ₁ − μ₂‖² + Tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½)

The squared Wasserstein-2 distance between the normal distributions with the moments of the sets. It falls as the number
of samples grows: only values at equal counts are comparable. The literature
calls it FID with Inception features only; here `fid` is this distance in the features that the protocol names.
"""

from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_statistics_to_metric

from ganops.errors import MetricError
from ganops.metrics.moments import Moments


def frechet_distance(first: Moments, second: Moments) -> float:
    """Return the distance, symmetric and ≥ 0; a negative value, which only rounding can cause, becomes 0.

    Raises:
        MetricError: a set has fewer than two samples, and so no covariance; or the dimensions differ.
    """
    for moments in (first, second):
        if moments.count < 2:
            raise MetricError(
                "Fréchet distance",
                expected="at least 2 samples on each side",
                received=str(moments.count),
                remedy="Raise evaluation.n.",
            )
    if first.mean.shape != second.mean.shape:
        raise MetricError(
            "Fréchet distance",
            expected=f"features of equal dimension, {len(first.mean)}",
            received=str(len(second.mean)),
            remedy="Use the same extractor for both sets.",
        )
    return max(fid_statistics_to_metric(_statistics(first), _statistics(second), verbose=False)[KEY_METRIC_FID], 0.0)


def _statistics(moments: Moments) -> dict:
    return {"mu": moments.mean, "sigma": moments.covariance}
