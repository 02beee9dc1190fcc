"""PatchGAN (Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks", section 3.2.2).

A discriminator of convolutions alone, whose logits each see a square of the picture: 4×4 convolutions of stride 2, then
two of stride 1. With k of stride 2 the square has 9 · 2^k − 2 pixels: 16, 34 or 70 for k = 1, 2, 3. As many are used as
keep it within the picture, at most three.

Different from the paper: nothing is normalized, so that a logit depends on its square of one picture alone; and the
last convolution pads by two pixels, so that pictures of 4 × 4 have logits.
"""

import math
from itertools import pairwise

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ganops.networks.layers import with_init_std

_MOST_STRIDED, _MOST_FACTOR = 3, 8
_SLOPE = 0.2
_GAIN = math.sqrt(2 / (1 + _SLOPE**2))  # He et al. 2015, eq. 15


class Discriminator(nn.Module):
    """Pictures (B, inputs, H, W) → logits (B, 1, h, w), one for each square of `receptive_field` pixels."""

    def __init__(self, base_channels: int, inputs: int, size: tuple[int, int]) -> None:
        super().__init__()
        strided = count_strided(*size)
        widths = [inputs, *(base_channels * min(2**level, _MOST_FACTOR) for level in range(strided + 1))]
        self.strided = nn.ModuleList(_conv(a, b, stride=2) for a, b in pairwise(widths[:-1]))
        self.mix = _conv(widths[-2], widths[-1], stride=1)
        self.last = with_init_std(nn.Conv2d(widths[-1], 1, 4, padding=2))

    def forward(self, maps: Float[Tensor, "batch inputs height width"]) -> Float[Tensor, "batch 1 high broad"]:
        """Compute the logits."""
        for layer in (*self.strided, self.mix):
            maps = F.leaky_relu(layer(maps), _SLOPE)
        return self.last(maps)


def count_strided(height: int, width: int) -> int:
    """Return the convolutions of stride 2: the most, up to three, whose receptive field lies within the picture."""
    fitting = [k for k in range(1, _MOST_STRIDED + 1) if receptive_field(k) <= min(height, width)]
    return fitting[-1] if fitting else 1


def receptive_field(strided: int) -> int:
    """Return the side of the square that a logit sees, in pixels, for this number of convolutions of stride 2."""
    return 9 * 2**strided - 2


def _conv(inputs: int, outputs: int, stride: int) -> nn.Conv2d:
    return with_init_std(nn.Conv2d(inputs, outputs, 4, stride, padding=1), _GAIN)
