"""Convolutional networks whose every change of resolution passes a low-pass filter.

A transposed convolution of stride 2 leaves checks in a picture (Odena et al. 2016, "Deconvolution and checkerboard
artifacts"), and so does the gradient of a strided convolution, from which the generator learns (Zhang 2019, "Making
Convolutional Networks Shift-Invariant Again"). Here 3×3 convolutions have stride 1, and maps are resampled bilinearly
between them. A generator's convolution comes before the upsampling, a discriminator's after the downsampling: at half
the side it costs a quarter.

Generator: a linear map from z to a coarse picture, then levels of batch normalisation, ReLU, convolution and
upsampling, and tanh. Gain and bias of each normalisation are linear in z and the class's embedding (Chen et al. 2019,
"On Self Modulation for Generative Adversarial Networks"). Discriminator: levels of downsampling, convolution and
LeakyReLU 0.2, and a projection. The number of levels follows from the resolution (layers.num_downsamples); level i,
counted from the finest, has base_channels · 2^i channels, at most 8 · base_channels.
"""

import math
from itertools import pairwise

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
    level_widths,
    num_downsamples,
    to_maps,
    to_vectors,
    with_init_std,
)
from ganops.networks.resample import downsample2x, upsample2x
from ganops.training_settings import SampleSpec

_EMBEDDING_DIMENSION = 64
_SLOPE = 0.2


class Generator(nn.Module):
    """(B, z) and labels → pictures (B, C, H, W) in [−1, 1]."""

    def __init__(self, latent_dimension: int, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.size = spec.size
        self.coarse = coarse_size(*spec.size)
        levels = level_widths(base_channels, num_downsamples(*spec.size))
        self.embedding = ClassEmbedding(spec.classes, _EMBEDDING_DIMENSION) if spec.classes else None
        style = latent_dimension + (_EMBEDDING_DIMENSION if spec.classes else 0)
        self.first = nn.Linear(latent_dimension, levels[0] * math.prod(self.coarse), bias=False)
        self.normalisations = nn.ModuleList(ConditionalBatchNorm(level, style) for level in levels)
        self.convolutions = nn.ModuleList(_convolution(a, b) for a, b in pairwise(levels))
        self.last = nn.Conv2d(levels[-1], spec.channels, 3, padding=1)

    def forward(
        self, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        """Compute pictures from latents and labels."""
        style = latent if self.embedding is None else torch.cat([latent, self.embedding(label)], dim=1)
        maps = torch.relu(self.normalisations[0](to_maps(self.first(latent), *self.coarse), style))
        for convolution, normalisation in zip(self.convolutions, self.normalisations[1:], strict=True):
            maps = torch.relu(normalisation(upsample2x(convolution(maps)), style))
        return torch.tanh(centre_crop(self.last(maps), *self.size).float())


class Discriminator(nn.Module):
    """Pictures (B, C, H, W) and labels → logits (B, 1)."""

    def __init__(self, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        levels = level_widths(base_channels, num_downsamples(*spec.size))[::-1]
        self.first = _convolution(spec.channels, levels[0])
        self.convolutions = nn.ModuleList(_convolution(a, b) for a, b in pairwise(levels))
        self.head = ProjectionHead(levels[-1] * math.prod(coarse_size(*spec.size)), spec.classes)

    def forward(
        self,
        pictures: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, "batch 1"]:
        """Compute one logit per picture."""
        maps = F.leaky_relu(self.first(pictures), _SLOPE)
        for convolution in self.convolutions:
            maps = F.leaky_relu(convolution(downsample2x(maps)), _SLOPE)
        return self.head(to_vectors(maps), label)


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """Build a 3×3 convolution whose outputs, rectified, are as large as its inputs (He et al. 2015)."""
    return with_init_std(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), gain=math.sqrt(2))
