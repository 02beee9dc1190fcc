"""The generator of FastGAN (Liu et al. 2021, "Towards Faster and Stabilized GAN Training", section 3.1), at any size.

A linear map to the coarsest maps (layers.coarse_size: 32 → 4 · 2³, 28 → 7 · 2²), then one block for each upsampling by
2: a 3×3 convolution, interpolation, normalisation, a gated linear unit. Skip-layer excitation: coarse maps scale the
channels of maps eight times finer, so that gradients reach the coarse levels by a short way. No step has a stride: the
interpolation is a low-pass filter (networks/resample.py), so that no grid pattern arises.

Different from the paper: bilinear upsampling in place of nearest, excitation from three levels below in place of four
(small pictures have few levels), no noise beside z, and one convolution a block, before the upsampling, where it costs
a quarter. With classes, gain and bias of each normalisation are linear in z and the class's embedding: with those of
the class alone, recall on CIFAR-10 was lower (EXPERIMENTS.md).

The finest maps have `base_channels` channels; each level below has twice as many, up to eight times.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ganops.networks.layers import (
    ClassEmbedding,
    ConditionalBatchNorm,
    centre_crop,
    coarse_size,
    level_widths,
    num_downsamples,
    to_maps,
    with_init_std,
)
from ganops.networks.resample import upsample2x
from ganops.training_settings import SampleSpec

_EMBEDDING_DIMENSION = 64
_SKIPPED_LEVELS = 3
_EXCITATION_SIDE = 4


class Generator(nn.Module):
    """(B, z) and labels → pictures (B, C, H, W) in [−1, 1]."""

    def __init__(self, latent_dimension: int, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.size, self.coarse = spec.size, coarse_size(*spec.size)
        widths = level_widths(base_channels, num_downsamples(*spec.size))
        style = latent_dimension + _EMBEDDING_DIMENSION if spec.classes else 0
        self.embedding = ClassEmbedding(spec.classes, _EMBEDDING_DIMENSION) if spec.classes else None
        self.first = nn.Linear(latent_dimension, 2 * widths[0] * self.coarse[0] * self.coarse[1], bias=False)
        self.normalise = ConditionalBatchNorm(2 * widths[0], style)
        self.ups = nn.ModuleList(UpBlock(a, b, style) for a, b in pairwise(widths))
        self.skipped = min(_SKIPPED_LEVELS, len(widths) - 1)
        pairs = zip(widths, widths[self.skipped :], strict=False)
        self.excitations = nn.ModuleList(Excitation(low, high) for low, high in pairs)
        self.last = with_init_std(nn.Conv2d(widths[-1], spec.channels, 3, padding=1))

    def forward(
        self, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        """Compute pictures from latents and labels."""
        style = None if self.embedding is None else torch.cat([latent, self.embedding(label)], dim=1)
        levels = [apply_gates(self.normalise(to_maps(self.first(latent), *self.coarse), style))]
        for level, up in enumerate(self.ups, start=1):
            maps = up(levels[-1], style)
            if level >= self.skipped:
                maps = maps * self.excitations[level - self.skipped](levels[level - self.skipped])
            levels.append(maps)
        return torch.tanh(self.last(centre_crop(levels[-1], *self.size)).float())


class UpBlock(nn.Module):
    """A 3×3 convolution, upsampling by 2, normalisation, a gated linear unit."""

    def __init__(self, inputs: int, outputs: int, style_dimension: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(inputs, 2 * outputs, 3, padding=1, bias=False)
        self.normalise = ConditionalBatchNorm(2 * outputs, style_dimension)

    def forward(
        self, maps: Float[Tensor, "batch inputs high broad"], style: Float[Tensor, "batch style"] | None
    ) -> Float[Tensor, "batch outputs higher broader"]:
        """Upsample the maps by 2."""
        return apply_gates(self.normalise(upsample2x(self.mix(maps)), style))


class Excitation(nn.Module):
    """Skip-layer excitation (eq. 1): coarse maps, pooled to 4 × 4 → a factor in (0, 1) for each channel."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.gather = with_init_std(nn.Linear(inputs * _EXCITATION_SIDE**2, outputs))
        self.gate = with_init_std(nn.Linear(outputs, outputs))

    def forward(self, maps: Float[Tensor, "batch inputs high broad"]) -> Float[Tensor, "batch outputs 1 1"]:
        """Compute a factor for each channel."""
        pooled = F.adaptive_avg_pool2d(maps, _EXCITATION_SIDE).flatten(1)
        gates = torch.sigmoid(self.gate(F.leaky_relu(self.gather(pooled), 0.1)))
        return gates[:, :, None, None]


def apply_gates(maps: Float[Tensor, "batch twice high broad"]) -> Float[Tensor, "batch channels high broad"]:
    """Compute a · σ(b), a and b the halves of the channels, in channels-last memory (F.glu takes twice as long).

    Both are copied first: a processor computes one by one what is not contiguous.
    """
    values, gates = (half.contiguous() for half in maps.movedim(1, 3).unflatten(3, (2, -1)).unbind(3))
    return (values * torch.sigmoid(gates)).movedim(3, 1)
