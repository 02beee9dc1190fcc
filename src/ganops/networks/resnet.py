"""The residual networks of SNGAN (Miyato et al. 2018, appendix B.4, tables 4 to 6), at any resolution.

Generator: a linear map to the coarsest maps (layers.coarse_size: 32 → 4 · 2³, 28 → 7 · 2²), residual blocks that each
double them, batch normalisation, ReLU, a 3×3 convolution, tanh. Discriminator: residual blocks that each halve the
picture, until its shorter side is below 16 pixels and at least twice; two more that do not; ReLU, the sum over all
pixels, one logit. With classes, the normalisation of the generator is conditional and the logit has a projection.

`width` is that of the discriminator's blocks that read up to 32 pixels (shorter side); each doubling beyond halves it,
and the generator's blocks that write as many are twice as wide. Published for CIFAR-10: 128.

The same functions as the paper's, in fewer operations. Nearest doubling before a 3×3 convolution makes it a 4×4
transposed convolution of stride 2, and a mean of 2×2 after it a 4×4 convolution of stride 2: 4 products in place of 9
(as in the code of Karras et al. 2018, "Progressive Growing of GANs"). A 1×1 convolution commutes with both, and is done
where the maps are small. A bias that another repeats, or that a batch normalisation takes away (a constant passes
through the shortcuts up to the last one), is left out.
"""

import math
from itertools import pairwise
from typing import TypeVar

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ganops.networks.dropout import Dropout
from ganops.networks.layers import (
    ClassEmbedding,
    ConditionalBatchNorm,
    ProjectionHead,
    centre_crop,
    coarse_size,
    num_downsamples,
    to_maps,
)
from ganops.networks.r3 import stage_widths

L = TypeVar("L", nn.Conv2d, nn.Linear, nn.Embedding)

_EMBEDDING_DIMENSION = 64
_LEAST_HALVINGS = 2
_PLAIN_BLOCKS = 2


class Generator(nn.Module):
    """(B, z) and labels → pictures (B, C, H, W) in [−1, 1]."""

    def __init__(
        self, latent_dimension: int, width: int, channels: int, height: int, width_pixels: int, classes: int
    ) -> None:
        super().__init__()
        self.size, self.coarse = (height, width_pixels), coarse_size(height, width_pixels)
        widths = stage_widths(2 * width, height, width_pixels)
        self.first = _glorot(nn.Linear(latent_dimension, widths[0] * self.coarse[0] * self.coarse[1]))
        self.embedding = ClassEmbedding(classes, _EMBEDDING_DIMENSION) if classes else None
        embedded = _EMBEDDING_DIMENSION if classes else 0
        self.ups = nn.ModuleList(UpBlock(a, b, embedded) for a, b in pairwise(widths))
        self.normalisation = ConditionalBatchNorm(widths[-1], embedded)
        self.last = _glorot(nn.Conv2d(widths[-1], channels, 3, padding=1))

    def forward(
        self, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        embedded = None if self.embedding is None else self.embedding(label)
        maps = to_maps(self.first(latent), *self.coarse)
        for up in self.ups:
            maps = up(maps, embedded)
        maps = F.relu_(self.normalisation(centre_crop(maps, *self.size), embedded))
        return torch.tanh(self.last(maps).float())


class Discriminator(nn.Module):
    """Pictures (B, C, H, W) and labels → logits (B, 1). Has no dropout: what it is handed for it stays unused."""

    def __init__(self, width: int, channels: int, height: int, width_pixels: int, classes: int) -> None:
        super().__init__()
        downs = max(_LEAST_HALVINGS, num_downsamples(height, width_pixels) - 1)
        widths = [channels, *stage_widths(width, height, width_pixels)[::-1][:downs]]
        self.downs = nn.ModuleList(DownBlock(a, b, first=not i) for i, (a, b) in enumerate(pairwise(widths)))
        self.plain = nn.Sequential(*(PlainBlock(widths[-1]) for _ in range(_PLAIN_BLOCKS)))
        self.head = ProjectionHead(widths[-1], classes)
        _glorot(self.head.linear)
        if self.head.embedding is not None:
            _glorot(self.head.embedding)

    def forward(
        self,
        pictures: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
        dropout: Dropout | None = None,
    ) -> Float[Tensor, "batch 1"]:
        maps = pictures
        for down in self.downs:
            maps = down(maps)
        maps = F.relu(self.plain(maps))
        with torch.autocast(maps.device.type, enabled=False):
            return self.head(maps.sum((2, 3), dtype=torch.promote_types(maps.dtype, torch.float32)), label)


class UpBlock(nn.Module):
    """Twice as high and wide: normalise, ReLU, double, 3×3, normalise, ReLU, 3×3; plus the doubled input by 1×1."""

    def __init__(self, inputs: int, outputs: int, embedding_dimension: int) -> None:
        super().__init__()
        self.normalise_inputs = ConditionalBatchNorm(inputs, embedding_dimension)
        self.up = _glorot(UpConvolution(inputs, outputs, bias=False), math.sqrt(2))
        self.normalise = ConditionalBatchNorm(outputs, embedding_dimension)
        self.mix = _glorot(nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), math.sqrt(2))
        self.shortcut = _glorot(nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(
        self, maps: Float[Tensor, "batch inputs high broad"], embedded: Float[Tensor, "batch embedding"] | None
    ) -> Float[Tensor, "batch outputs higher broader"]:
        inside = self.up(F.relu_(self.normalise_inputs(maps, embedded)))
        inside = self.mix(F.relu_(self.normalise(inside, embedded)))
        return inside + F.interpolate(self.shortcut(maps), scale_factor=2.0, mode="nearest")


class DownBlock(nn.Module):
    """Half as high and wide: ReLU, 3×3, ReLU, 3×3, mean of 2×2; plus the input's mean of 2×2 by 1×1.

    The first block reads a picture, which it does not rectify.
    """

    def __init__(self, inputs: int, outputs: int, first: bool) -> None:
        super().__init__()
        self.first = first
        self.mix = _glorot(nn.Conv2d(inputs, outputs, 3, padding=1), math.sqrt(2))
        self.down = _glorot(DownConvolution(outputs, outputs), math.sqrt(2))
        self.shortcut = _glorot(nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, maps: Float[Tensor, "batch inputs high broad"]) -> Float[Tensor, "batch outputs low narrow"]:
        inside = F.relu_(self.mix(maps if self.first else F.relu(maps)))
        return self.down(inside) + self.shortcut(F.avg_pool2d(maps, 2))


class PlainBlock(nn.Module):
    """x + f(x), f = ReLU, 3×3, ReLU, 3×3."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = _glorot(nn.Conv2d(width, width, 3, padding=1), math.sqrt(2))
        self.mix_again = _glorot(nn.Conv2d(width, width, 3, padding=1), math.sqrt(2))

    def forward(self, maps: Float[Tensor, "batch width high broad"]) -> Float[Tensor, "batch width high broad"]:
        return maps + self.mix_again(F.relu_(self.mix(F.relu(maps))))


class _FusedConvolution(nn.Conv2d):
    """A 3×3 convolution whose kernel is summed over 2×2 shifts into one of 4×4, in float32."""

    shifts: Tensor

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__(inputs, outputs, 3, padding=1, bias=bias)
        shifts = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
        self.register_buffer("shifts", torch.kron(shifts, shifts), persistent=False)

    def summed(self, rows: Float[Tensor, "first 9 second"]) -> Float[Tensor, "first second 4 4"]:
        with torch.autocast(rows.device.type, enabled=False):
            return (self.shifts @ rows).unflatten(1, (4, 4)).permute(0, 3, 1, 2)


class UpConvolution(_FusedConvolution):
    """Nearest doubling, then a 3×3 convolution: (B, C, H, W) → (B, outputs, 2H, 2W)."""

    def forward(self, maps: Float[Tensor, "batch inputs high broad"]) -> Float[Tensor, "batch outputs higher broader"]:
        kernel = self.summed(self.weight.flatten(2).permute(1, 2, 0).flip(1))
        return F.conv_transpose2d(maps, kernel, self.bias, stride=2, padding=1)


class DownConvolution(_FusedConvolution):
    """A 3×3 convolution, then means of 2×2: (B, C, H, W) → (B, outputs, ⌊H / 2⌋, ⌊W / 2⌋)."""

    def forward(self, maps: Float[Tensor, "batch inputs high broad"]) -> Float[Tensor, "batch outputs low narrow"]:
        kernel = self.summed(self.weight.flatten(2).permute(0, 2, 1) / 4)
        return F.conv2d(maps, kernel, self.bias, stride=2, padding=1)


def _glorot(layer: L, gain: float = 1.0) -> L:
    """Weights are to begin with the variance 2 · gain² / (fan in + fan out) (Glorot and Bengio 2010, eq. 12)."""
    outputs, inputs, *receptive = layer.weight.shape
    fans = (outputs + inputs) * math.prod(receptive)
    layer.init_std = gain * math.sqrt(2 / fans)  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue]
    return layer
