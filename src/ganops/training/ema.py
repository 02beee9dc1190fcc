"""The moving average of a network's weights, under a power function of the images seen.

Karras et al. 2024, "Analyzing and Improving the Training Dynamics of Diffusion Models" (EDM2), section 3.1: after an
iteration of b images, at t images seen,

    θ̂(t) = β θ̂(t − b) + (1 − β) θ(t),  β = (1 − b / t)^(γ + 1)

so that θ(τ) has a weight of about (γ + 1) τ^γ / t^(γ + 1). The average is as long as the relative length σ_rel, the
standard deviation of this profile as a share of t, states: it holds for every budget, and the first, random weights
have no weight.
"""

from functools import cache

import numpy as np
import torch
from torch import nn

from ganops.torch_private import lerp_


@torch.no_grad()
def update_average(
    average: nn.Module, network: nn.Module, batch: int, images_seen: int, relative_length: float
) -> None:
    """Move `average` towards `network` by 1 − β; buffers are copied.

    Args:
        average: of the weights until `batch` images before.
        network: whose weights are averaged.
        batch: images of the iteration.
        images_seen: with those of the iteration.
        relative_length: σ_rel; 0 copies the weights.
    """
    lerp_(average.parameters(), network.parameters(), 1 - decay(batch, images_seen, relative_length))
    for ours, theirs in zip(average.buffers(), network.buffers(), strict=True):
        ours.copy_(theirs)


def decay(batch: int, images_seen: int, relative_length: float) -> float:
    """Return β; 0 at the first iteration, and for the relative length 0."""
    return (1 - batch / images_seen) ** (exponent(relative_length) + 1) if relative_length else 0.0


@cache
def exponent(relative_length: float) -> float:
    """Return γ of the profile, the largest root of σ_rel² (γ + 2)² (γ + 3) = γ + 1 (EDM2, appendix C)."""
    share = relative_length**-2
    return float(np.roots([1, 7, 16 - share, 12 - share]).real.max())
