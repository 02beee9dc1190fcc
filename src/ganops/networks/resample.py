"""Halving and doubling of maps by bilinear resampling: a low-pass with the kernel [1, 2, 1] in each direction.

Without a low-pass, halving folds fine detail into coarse patterns, and doubling repeats a pattern of its grid (Zhang
2019, "Making Convolutional Networks Shift-Invariant Again"). Outside a map is 0.

Each of the two is the other's transpose, up to a factor, so that each is the other's gradient, and the gradient's
gradient. Said so, no gradient by the kernel is formed, which took most of the time in a gradient of a gradient.
"""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def downsample2x(maps: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels low narrow"]:
    """(B, C, H, W) → (B, C, ⌈H / 2⌉, ⌈W / 2⌉): y[i] = (x[2i − 1] + 2 x[2i] + x[2i + 1]) / 4 in each direction."""
    return _Halve.apply(maps)  # pyright: ignore[reportReturnType]


def double(maps: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels tall broad"]:
    """(B, C, H, W) → (B, C, 2H, 2W): y[2i] = x[i], y[2i + 1] = (x[i] + x[i + 1]) / 2 in each direction."""
    return 4 * _Spread.apply(maps, 2 * maps.shape[2], 2 * maps.shape[3])  # pyright: ignore[reportOperatorIssue]


class _Halve(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> Tensor:
        ctx.size = maps.shape[2:]
        return F.conv2d(maps, _kernel(maps), stride=2, padding=1, groups=maps.shape[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _Spread.apply(gradient, *ctx.size)  # pyright: ignore[reportReturnType]


class _Spread(torch.autograd.Function):
    """The transpose of _Halve, to maps of a given size."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, height: int, width: int) -> Tensor:
        more = (1 - height % 2, 1 - width % 2)
        # The processor's kernel for bfloat16 takes 40 times as long.
        wide = maps.to(torch.promote_types(maps.dtype, torch.float32))
        with torch.autocast(maps.device.type, enabled=False):
            spread = F.conv_transpose2d(wide, _kernel(wide), None, 2, 1, more, groups=maps.shape[1])
        return spread.to(maps.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _Halve.apply(gradient), None, None  # pyright: ignore[reportReturnType]


def _kernel(maps: Tensor) -> Tensor:
    line = torch.tensor([0.25, 0.5, 0.25], dtype=maps.dtype, device=maps.device)
    return torch.outer(line, line).expand(maps.shape[1], 1, 3, 3)
