"""The residual networks of SNGAN (Miyato et al. 2018, appendix B.4, tables 4 to 6), at any resolution.

Generator: a linear map to the coarsest maps (layers.coarse_size: 32 → 4 · 2³, 28 → 7 · 2²), residual blocks that each
upsample by 2, batch normalisation, ReLU, a 3×3 convolution, tanh. Discriminator: residual blocks that each downsample
by 2, at least two, until the shorter side is below 16 pixels; two more without downsampling; ReLU, the sum over all
pixels, one logit. With classes, the normalisation of the generator is conditional and the logit has a projection.

The discriminator's blocks that read up to 32 pixels (shorter side) have `base_channels` channels; each doubling beyond
halves them. The generator's blocks at the same resolution have twice as many. Published for CIFAR-10: 128.

These are the paper's functions in fewer operations. Nearest-neighbour upsampling followed by a 3×3 convolution is a 4×4
transposed convolution of stride 2; a 3×3 convolution followed by a 2×2 mean is a 4×4 convolution of stride 2: 4
products instead of 9 (as in the code of Karras et al. 2018, "Progressive Growing of GANs"). A 1×1 convolution commutes
with both and is applied at the lower resolution. Redundant biases (repeated by another, or removed by a batch
normalisation; a constant passes through the shortcuts up to the last one) are left out.
"""

import math
from itertools import pairwise
from typing import TypeVar

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

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
from ganops.training_settings import SampleSpec

L = TypeVar("L", nn.Conv2d, nn.Linear, nn.Embedding)

_EMBEDDING_DIMENSION = 64
_MIN_DOWNSAMPLES = 2
_PLAIN_BLOCKS = 2


class Generator(nn.Module):
    """(B, z) and labels → pictures (B, C, H, W) in [−1, 1]."""

    def __init__(self, latent_dimension: int, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.size, self.coarse = spec.size, coarse_size(*spec.size)
        widths = stage_widths(2 * base_channels, *spec.size)
        self.first = _glorot(nn.Linear(latent_dimension, widths[0] * self.coarse[0] * self.coarse[1]))
        self.embedding = ClassEmbedding(spec.classes, _EMBEDDING_DIMENSION) if spec.classes else None
        embedded = _EMBEDDING_DIMENSION if spec.classes else 0
        self.ups = nn.ModuleList(UpBlock(a, b, embedded) for a, b in pairwise(widths))
        self.normalisation = ConditionalBatchNorm(widths[-1], embedded)
        self.last = _glorot(nn.Conv2d(widths[-1], spec.channels, 3, padding=1))

    def forward(
        self, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        """Compute pictures from latents and labels."""
        embedded = None if self.embedding is None else self.embedding(label)
        maps = to_maps(self.first(latent), *self.coarse)
        for up in self.ups:
            maps = up(maps, embedded)
        maps = F.relu_(self.normalisation(centre_crop(maps, *self.size), embedded))
        return torch.tanh(self.last(maps).float())


class Discriminator(nn.Module):
    """Pictures (B, C, H, W) and labels → logits (B, 1)."""

    def __init__(self, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        downs = max(_MIN_DOWNSAMPLES, num_downsamples(*spec.size) - 1)
        widths = [spec.channels, *stage_widths(base_channels, *spec.size)[::-1][:downs]]
        self.downs = nn.ModuleList(DownBlock(a, b, first=not i) for i, (a, b) in enumerate(pairwise(widths)))
        self.plain = nn.Sequential(*(PlainBlock(widths[-1]) for _ in range(_PLAIN_BLOCKS)))
        self.head = ProjectionHead(widths[-1], spec.classes)
        _glorot(self.head.linear)
        if self.head.embedding is not None:
            _glorot(self.head.embedding)

    def forward(
        self,
        pictures: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, "batch 1"]:
        """Compute one logit per picture."""
        maps = pictures
        for down in self.downs:
            maps = down(maps)
        maps = F.relu(self.plain(maps))
        with torch.autocast(maps.device.type, enabled=False):
            return self.head(maps.sum((2, 3), dtype=torch.promote_types(maps.dtype, torch.float32)), label)


class UpBlock(nn.Module):
    """Upsampling block: normalise, ReLU, upsample, 3×3, normalise, ReLU, 3×3; plus the upsampled input by 1×1."""

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
        """Upsample the maps by 2."""
        inside = self.up(F.relu_(self.normalise_inputs(maps, embedded)))
        inside = self.mix(F.relu_(self.normalise(inside, embedded)))
        return inside + F.interpolate(self.shortcut(maps), scale_factor=2.0, mode="nearest")


class DownBlock(nn.Module):
    """Downsampling block: ReLU, 3×3, ReLU, 3×3, 2×2 mean; plus the input's 2×2 mean by 1×1.

    The first block reads a picture and omits the first ReLU.
    """

    def __init__(self, inputs: int, outputs: int, first: bool) -> None:
        super().__init__()
        self.first = first
        self.mix = _glorot(nn.Conv2d(inputs, outputs, 3, padding=1), math.sqrt(2))
        self.down = _glorot(DownConvolution(outputs, outputs), math.sqrt(2))
        self.shortcut = _glorot(nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, maps: Float[Tensor, "batch inputs high broad"]) -> Float[Tensor, "batch outputs low narrow"]:
        """Downsample the maps by 2."""
        inside = F.relu_(self.mix(maps if self.first else F.relu(maps)))
        return self.down(inside) + self.shortcut(F.avg_pool2d(maps, 2))


class PlainBlock(nn.Module):
    """x + f(x), f = ReLU, 3×3, ReLU, 3×3."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = _glorot(nn.Conv2d(channels, channels, 3, padding=1), math.sqrt(2))
        self.mix_again = _glorot(nn.Conv2d(channels, channels, 3, padding=1), math.sqrt(2))

    def forward(self, maps: Float[Tensor, "batch channels high broad"]) -> Float[Tensor, "batch channels high broad"]:
        """Add the residual to the maps."""
        return maps + self.mix_again(F.relu_(self.mix(F.relu(maps))))


class _FusedConvolution(nn.Conv2d):
    """A 3×3 convolution whose kernel is summed over 2×2 shifts into a 4×4 kernel, in float32."""

    shifts: Tensor

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__(inputs, outputs, 3, padding=1, bias=bias)
        shifts = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
        self.register_buffer("shifts", torch.kron(shifts, shifts), persistent=False)

    def fuse_kernel(self, rows: Float[Tensor, "first 9 second"]) -> Float[Tensor, "first second 4 4"]:
        """Sum a 3×3 kernel over 2×2 shifts into a 4×4 kernel."""
        with torch.autocast(rows.device.type, enabled=False):
            return (self.shifts @ rows).unflatten(1, (4, 4)).permute(0, 3, 1, 2)


class UpConvolution(_FusedConvolution):
    """Nearest-neighbour upsampling, then a 3×3 convolution: (B, C, H, W) → (B, outputs, 2H, 2W)."""

    def forward(self, maps: Float[Tensor, "batch inputs high broad"]) -> Float[Tensor, "batch outputs higher broader"]:
        """Upsample and convolve the maps."""
        kernel = self.fuse_kernel(self.weight.flatten(2).permute(1, 2, 0).flip(1))
        return F.conv_transpose2d(maps, kernel, self.bias, stride=2, padding=1)


class DownConvolution(_FusedConvolution):
    """A 3×3 convolution, then a 2×2 mean: (B, C, H, W) → (B, outputs, ⌊H / 2⌋, ⌊W / 2⌋)."""

    def forward(self, maps: Float[Tensor, "batch inputs high broad"]) -> Float[Tensor, "batch outputs low narrow"]:
        """Convolve and downsample the maps."""
        kernel = self.fuse_kernel(self.weight.flatten(2).permute(0, 2, 1) / 4)
        return F.conv2d(maps, kernel, self.bias, stride=2, padding=1)


def _glorot(layer: L, gain: float = 1.0) -> L:
    """Set the initial variance to 2 · gain² / (fan in + fan out) (Glorot and Bengio 2010, eq. 12); return the layer."""
    outputs, inputs, *receptive = layer.weight.shape
    fans = (outputs + inputs) * math.prod(receptive)
    layer.init_std = gain * math.sqrt(2 / fans)  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue]
    return layer
