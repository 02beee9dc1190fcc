"""DCGAN (Radford, Metz and Chintala 2016, "Unsupervised Representation Learning with DCGANs"), at any resolution.

Generator: a linear map to a coarse picture, then 4×4 transposed convolutions of stride 2 with batch normalisation and
ReLU, and tanh. Discriminator: 4×4 convolutions of stride 2 with LeakyReLU 0.2. The number of levels follows from the
resolution (layers.num_downsamples); level i, counted from the finest, has base_channels · 2^i channels, at most
8 · base_channels. With classes, the normalisation of the generator is conditional and the discriminator ends in a
projection.
"""

from itertools import pairwise

import torch
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
)
from ganops.training_settings import SampleSpec

_EMBEDDING_DIMENSION = 64


class Generator(nn.Module):
    """(B, z) and labels → pictures (B, C, H, W) in [−1, 1]."""

    def __init__(self, latent_dimension: int, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.size = spec.size
        self.coarse = coarse_size(*spec.size)
        levels = level_widths(base_channels, num_downsamples(*spec.size) - 1)
        self.first = nn.Linear(latent_dimension, levels[0] * self.coarse[0] * self.coarse[1], bias=False)
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 4, stride=2, padding=1, bias=False) for a, b in pairwise(levels)
        )
        self.embedding = ClassEmbedding(spec.classes, _EMBEDDING_DIMENSION) if spec.classes else None
        embedded = _EMBEDDING_DIMENSION if spec.classes else 0
        self.normalisations = nn.ModuleList(ConditionalBatchNorm(level, embedded) for level in levels)
        self.last = nn.ConvTranspose2d(levels[-1], spec.channels, 4, stride=2, padding=1)

    def forward(
        self, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        """Compute pictures from latents and labels."""
        embedded = None if self.embedding is None else self.embedding(label)
        maps = to_maps(self.first(latent), *self.coarse)
        maps = torch.relu(self.normalisations[0](maps, embedded))
        for up, normalisation in zip(self.ups, self.normalisations[1:], strict=True):
            maps = torch.relu(normalisation(up(maps), embedded))
        return torch.tanh(centre_crop(self.last(maps), *self.size).float())


class Discriminator(nn.Module):
    """Pictures (B, C, H, W) and labels → logits (B, 1)."""

    def __init__(self, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.downs = trunk(base_channels, spec)
        self.head = ProjectionHead(trunk_features(base_channels, spec), spec.classes)

    def forward(
        self,
        pictures: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, "batch 1"]:
        """Compute one logit per picture."""
        return self.head(to_vectors(self.downs(pictures)), label)

    def features(self, pictures: Float[Tensor, "batch channels height width"]) -> list[Tensor]:
        """Return the maps (B, …) after each convolution, from the finest on."""
        maps = [pictures]
        for down in self.downs:
            maps.append(down(maps[-1]))
        return maps[1:]


def trunk(base_channels: int, spec: SampleSpec) -> nn.Sequential:
    """Build the strided convolutions: (B, C, H, W) → (B, base_channels · 2^(n − 1), H / 2^n, W / 2^n) for n levels."""
    levels = [spec.channels, *level_widths(base_channels, num_downsamples(*spec.size) - 1)[::-1]]
    return nn.Sequential(*(_build_down(a, b) for a, b in pairwise(levels)))


def trunk_features(base_channels: int, spec: SampleSpec) -> int:
    """Return the number of values per sample after `trunk`."""
    depth = num_downsamples(*spec.size)
    return level_widths(base_channels, depth - 1)[0] * (spec.image_height >> depth) * (spec.image_width >> depth)


def _build_down(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True))
