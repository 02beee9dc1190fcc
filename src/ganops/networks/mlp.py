"""Multilayer perceptrons for vectors: three hidden layers of `base_channels` values in both players, no normalisation.

As in the studies of 2-D toy data (Srivastava et al. 2017, "VEEGAN", and Lin et al. 2018, "PacGAN", both with hidden
layers of ReLU), without their batch normalisation. Weights are initialised by He et al. 2015, "Delving deep into
rectifiers", equation 14, N(0, 2 / (1 + slope²) / n), which keeps the variance from layer to layer.
"""

import math
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ganops.networks.layers import ClassEmbedding, ProjectionHead, with_init_std
from ganops.training_settings import SampleSpec

_HIDDEN = 3
_SLOPE = 0.2
_EMBEDDING_DIMENSION = 64


class Generator(nn.Module):
    """(B, z) and labels → unbounded vectors (B, D). The class embedding is concatenated to z."""

    def __init__(self, latent_dimension: int, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.embedding = ClassEmbedding(spec.classes, _EMBEDDING_DIMENSION) if spec.classes else None
        inputs = latent_dimension + (_EMBEDDING_DIMENSION if spec.classes else 0)
        self.hidden = _build_hidden(inputs, base_channels, 0.0)
        self.last = with_init_std(nn.Linear(base_channels, spec.channels))

    def forward(
        self, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch dimension"]:
        """Compute vectors from latents and labels."""
        if self.embedding is not None:
            latent = torch.cat([latent, self.embedding(label)], dim=1)
        return self.last(self.hidden(latent)).float()


class Discriminator(nn.Module):
    """Vectors (B, D) and labels → logits (B, 1)."""

    def __init__(self, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.hidden = _build_hidden(spec.channels, base_channels, _SLOPE)
        self.head = ProjectionHead(base_channels, spec.classes)
        with_init_std(self.head.linear)

    def forward(
        self,
        vectors: Float[Tensor, "batch dimension"],
        label: Int[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, "batch 1"]:
        """Compute one logit per vector."""
        return self.head(self.hidden(vectors), label)


def _build_hidden(inputs: int, units: int, slope: float) -> nn.Sequential:
    gain = math.sqrt(2 / (1 + slope**2))
    widths = [inputs] + [units] * _HIDDEN
    layers = [with_init_std(nn.Linear(a, b), gain) for a, b in pairwise(widths)]
    return nn.Sequential(*(part for layer in layers for part in (layer, nn.LeakyReLU(slope))))
