"""Convolutions whose weights are frozen: only the maps get a gradient, and that is a convolution as well.

Autograd computes the gradient of a convolution by other kernels than the convolution itself. On a CPU those for
bfloat16, and for depthwise convolutions, take several times as long.
"""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class FrozenConvolution(nn.Module):
    """A convolution with padding (before, after) on both axes; at stride 2 the sides of the maps are even."""

    weight: Tensor
    bias: Tensor

    def __init__(self, convolution: nn.Conv2d, padding: tuple[int, int]) -> None:
        super().__init__()
        assert convolution.bias is not None
        self.register_buffer("weight", convolution.weight.detach().clone())
        self.register_buffer("bias", convolution.bias.detach().clone())
        self.stride, self.groups, self.padding = convolution.stride[0], convolution.groups, padding

    def forward(self, maps: Float[Tensor, "batch inputs high broad"]) -> Float[Tensor, "batch outputs low narrow"]:
        """Convolve the maps."""
        return _Convolve.apply(maps, self.weight, self.bias, self.stride, self.groups, self.padding)  # pyright: ignore[reportReturnType]


class _Convolve(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, maps: Tensor, weight: Tensor, bias: Tensor, stride: int, groups: int, padding: tuple[int, int]
    ) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.size, ctx.stride, ctx.groups, ctx.padding = maps.shape[2:], stride, groups, padding
        ctx.dtype = maps.dtype
        return _convolve(maps, weight, bias, stride, groups, padding)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Convolve the gradient with the kernel reversed, inputs and outputs exchanged."""
        (weight,) = ctx.saved_tensors
        reversed_ = weight.flip(2, 3).to(gradient.dtype)
        kernel = reversed_ if ctx.groups > 1 else reversed_.transpose(0, 1)
        before, after = (weight.shape[2] - 1 - each for each in ctx.padding)
        if ctx.stride == 2:
            gradient, before, after = _spread(gradient, ctx.size, before, ctx.padding[0]), 0, 0
        passed = _convolve(gradient, kernel, None, 1, ctx.groups, (before, after))
        return passed.to(ctx.dtype), *[None] * 5


def _convolve(
    maps: Tensor, weight: Tensor, bias: Tensor | None, stride: int, groups: int, padding: tuple[int, int]
) -> Tensor:
    before, after = padding
    if before != after:
        maps, before = F.pad(maps, (before, after, before, after)), 0
    return F.conv2d(maps, weight, bias, stride, before, groups=groups)


def _spread(gradient: Tensor, size: torch.Size, before: int, after: int) -> Tensor:
    """Put the values at every other position of padded zeros, for a convolution to maps of that size."""
    height, width = size
    assert (height, width) == (2 * gradient.shape[2], 2 * gradient.shape[3]), (size, gradient.shape)
    shape = (*gradient.shape[:2], height + before + after, width + before + after)
    spread = torch.empty(shape, dtype=gradient.dtype, device=gradient.device, memory_format=torch.channels_last).zero_()
    spread[:, :, before : before + height : 2, before : before + width : 2] = gradient
    return spread
