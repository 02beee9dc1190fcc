"""Bilinear down- and upsampling of maps by 2, a low-pass filter in each direction.

Without a low-pass filter, downsampling aliases fine detail and upsampling leaves a grid pattern (Zhang 2019, "Making
Convolutional Networks Shift-Invariant Again").

The gradients are written out as convolutions. Autograd would compute that of downsampling by its kernel too, which took
most of the time of a gradient of a gradient; and that of upsampling, on a GPU, in an order that differs between runs.
"""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def downsample2x(maps: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels low narrow"]:
    """Downsample to (B, C, ⌈H / 2⌉, ⌈W / 2⌉): y[i] = (x[2i − 1] + 2 x[2i] + x[2i + 1]) / 4, padded by zeros."""
    return _Downsample.apply(maps)  # pyright: ignore[reportReturnType]


def upsample2x(maps: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels tall broad"]:
    """Upsample to (B, C, 2H, 2W): y[2i] = (x[i − 1] + 3 x[i]) / 4, y[2i + 1] = (3 x[i] + x[i + 1]) / 4, edges repeated.

    Pixels are areas, not points: nothing is shifted, and nothing darkens towards the edges.
    """
    return _Upsample.apply(maps)  # pyright: ignore[reportReturnType]


class _Upsample(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> Tensor:
        return F.interpolate(maps, scale_factor=2, mode="bilinear")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        line = torch.tensor([0.25, 0.75, 0.75, 0.25], dtype=gradient.dtype, device=gradient.device)
        kernel = torch.outer(line, line).expand(gradient.shape[1], 1, 4, 4)
        return F.conv2d(F.pad(gradient, (1, 1, 1, 1), "replicate"), kernel, stride=2, groups=gradient.shape[1])


class _Downsample(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> Tensor:
        ctx.size = maps.shape[2:]
        return F.conv2d(maps, _kernel(maps), stride=2, padding=1, groups=maps.shape[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _TransposedDownsample.apply(gradient, *ctx.size)  # pyright: ignore[reportReturnType]


class _TransposedDownsample(torch.autograd.Function):
    """The transpose of _Downsample, to maps of a chosen size: its gradient, as it is the gradient of this."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, height: int, width: int) -> Tensor:
        more = (1 - height % 2, 1 - width % 2)
        # The CPU kernel for bfloat16 takes 40 times as long.
        wide = maps.to(torch.promote_types(maps.dtype, torch.float32))
        with torch.autocast(maps.device.type, enabled=False):
            upsampled = F.conv_transpose2d(wide, _kernel(wide), None, 2, 1, more, groups=maps.shape[1])
        return upsampled.to(maps.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _Downsample.apply(gradient), None, None  # pyright: ignore[reportReturnType]


def _kernel(maps: Tensor) -> Tensor:
    line = torch.tensor([0.25, 0.5, 0.25], dtype=maps.dtype, device=maps.device)
    return torch.outer(line, line).expand(maps.shape[1], 1, 3, 3)
