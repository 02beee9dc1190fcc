"""A vanilla GAN: a multilayer perceptron generates pictures, a small convolutional network discriminates.

Generator: z(100) → 128 → 128 → 100 → 784 with batch normalisation, LeakyReLU and a sigmoid. Discriminator: convolutions
of 64 and 128 channels (3×3, stride 2) with LeakyReLU and dropout 0.3, and one logit. Generalised to any picture size: w
(`base_channels`) replaces 64 and 2w replaces 128, and the last hidden layer is as wide as z. LeakyReLU has the slope
0.2; the class enters as in DCGAN, by conditional normalisation in the generator and a projection in the discriminator.
Pixels are −1 … 1: y = 2 · sigmoid − 1.

The generator's initial weights keep the variance from layer to layer; the discriminator's are DCGAN's small ones. With
larger ones it is certain before the generator has learned anything, and the minimax loss has no gradient there
(measured: EXPERIMENTS.md).
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ganops.networks.dropout import dropout
from ganops.networks.layers import ClassEmbedding, ConditionalBatchNorm1d, ProjectionHead, with_init_std
from ganops.noise import Noise
from ganops.training_settings import SampleSpec

_EMBEDDING_DIMENSION = 64
_SLOPE = 0.2
_DROPPED = 0.3


class Generator(nn.Module):
    """(B, z) and labels → pictures (B, C, H, W) in [−1, 1]: z → 2w → 2w → z → C · H · W."""

    def __init__(self, latent_dimension: int, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.embedding = ClassEmbedding(spec.classes, _EMBEDDING_DIMENSION) if spec.classes else None
        sizes = [latent_dimension, 2 * base_channels, 2 * base_channels, latent_dimension]
        self.hidden = HiddenLayers(sizes, _EMBEDDING_DIMENSION if spec.classes else 0)
        self.last = PictureLayer(latent_dimension, spec)

    def forward(
        self, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        """Compute pictures from latents and labels."""
        embedded = None if self.embedding is None else self.embedding(label)
        return self.last(self.hidden(latent, embedded))


class Discriminator(nn.Module):
    """Pictures (B, C, H, W) and labels → logits (B, 1), with dropout only where noise is passed."""

    draws_noise = True
    """`forward` takes noise of its own."""

    def __init__(self, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        levels = pairwise([spec.channels, base_channels, 2 * base_channels])
        self.downs = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in levels)
        self.head = ProjectionHead(
            2 * base_channels * -(-spec.image_height // 4) * -(-spec.image_width // 4), spec.classes
        )

    def forward(
        self,
        pictures: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
        noise: Noise | None = None,
    ) -> Float[Tensor, "batch 1"]:
        """Compute one logit per picture."""
        maps = pictures
        for level, down in enumerate(self.downs):
            maps = F.leaky_relu(down(maps), _SLOPE)
            maps = maps if noise is None else dropout(maps, noise, f"level/{level}", _DROPPED)
        return self.head(maps.flatten(1), label)


class HiddenLayers(nn.Module):
    """Linear layers from each size to the next, with batch normalisation and LeakyReLU: (B, first) → (B, last)."""

    def __init__(self, sizes: Sequence[int], embedding_dimension: int) -> None:
        super().__init__()
        self.maps = nn.ModuleList(with_init_std(nn.Linear(a, b, bias=False)) for a, b in pairwise(sizes))
        self.normalisations = nn.ModuleList(ConditionalBatchNorm1d(size, embedding_dimension) for size in sizes[1:])

    def forward(
        self, values: Float[Tensor, "batch first"], embedded: Float[Tensor, "batch embedding"] | None
    ) -> Float[Tensor, "batch last"]:
        """Apply the layers."""
        for linear, normalisation in zip(self.maps, self.normalisations, strict=True):
            values = F.leaky_relu(normalisation(linear(values), embedded), _SLOPE)
        return values


class PictureLayer(nn.Module):
    """One linear map to all pixels, and 2 · sigmoid − 1."""

    def __init__(self, features: int, spec: SampleSpec) -> None:
        super().__init__()
        self.shape = (spec.channels, *spec.size)
        self.linear = with_init_std(nn.Linear(features, math.prod(self.shape)))

    def forward(self, values: Float[Tensor, "batch features"]) -> Float[Tensor, "batch channels height width"]:
        """Compute pictures from the last hidden values."""
        return (2 * torch.sigmoid(self.linear(values).float()) - 1).unflatten(1, self.shape)
