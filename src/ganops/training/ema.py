"""The exponential moving average of a network's weights, with time counted in images."""

import torch
from torch import nn

from ganops.torch_private import lerp_


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, batch: int, half_life_images: int | float) -> None:
    """Move `average` towards `network` by 1 − β, β = 0.5^(batch / half-life); buffers are copied.

    Karras et al. 2020 (StyleGAN2-ADA), appendix B. A half-life of 0 copies the weights.
    """
    step = 1 - 0.5 ** (batch / half_life_images) if half_life_images else 1.0
    lerp_(average.parameters(), network.parameters(), step)
    for ours, theirs in zip(average.buffers(), network.buffers(), strict=True):
        ours.copy_(theirs)
