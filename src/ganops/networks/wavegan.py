"""The networks of WaveGAN (Donahue et al. 2019, "Adversarial Audio Synthesis", appendix D), for clips of any length.

Generator: a linear map to a coarse map, then convolutions of 25 samples, transposed, of stride 4, with ReLU, and tanh.
Discriminator: the same convolutions, not transposed, with LeakyReLU 0.2 and phase shuffle before every layer but the
first and the last. Neither has normalisation.

A clip of N samples takes k levels, so that the coarsest map has 16 ≤ ⌈N / 4ᵏ⌉ ≤ 64 samples: 5 levels of 16 · 4⁵ =
16,384 samples, as published. Other lengths are those of the next ⌈N / 4ᵏ⌉ · 4ᵏ samples: made ones are cut at the end,
and read ones are padded there with zeros. The finest level has base_channels channels, each coarser one twice as many.

Different from the paper: latents are normal, not uniform, as in all recipes. With classes, which the paper has not,
the class scales and shifts the generator's maps before each ReLU, and the discriminator ends in a projection. Each
sample has a phase of its own. A wave is a map of height 1: on a processor its convolutions then take two thirds of the
time (channels-last memory).
"""

import math
from itertools import pairwise
from typing import TypeVar

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ganops.networks.layers import ClassEmbedding, ProjectionHead, modulate, to_maps, to_vectors
from ganops.noise import Noise
from ganops.training_settings import SampleSpec

L = TypeVar("L", nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
_KERNEL, _STRIDE, _COARSEST = 25, 4, 16
_SLOPE = 0.2
_EMBEDDING_DIMENSION = 64
LEAST_SAMPLES = _COARSEST * _STRIDE
"""those of a clip of one level"""


def num_levels(samples: int) -> int:
    """Return k, the largest number with 16 · 4ᵏ ≤ samples."""
    return ((samples // _COARSEST).bit_length() - 1) // 2


def coarse_length(samples: int) -> int:
    """Return ⌈samples / 4ᵏ⌉."""
    return -(-samples // _STRIDE ** num_levels(samples))


class Generator(nn.Module):
    """(B, z) and labels → waves (B, 1, N) in [−1, 1]."""

    def __init__(self, latent_dimension: int, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.samples, self.coarse = spec.image_width, coarse_length(spec.image_width)
        widths = level_widths(base_channels, spec)[::-1]
        self.first = with_glorot_std(nn.Linear(latent_dimension, widths[0] * self.coarse))
        self.ups = nn.ModuleList(_build_up(a, b) for a, b in pairwise([*widths, spec.channels]))
        self.embedding = ClassEmbedding(spec.classes, _EMBEDDING_DIMENSION) if spec.classes else None
        embedded = widths if spec.classes else []
        self.modulations = nn.ModuleList(nn.Linear(_EMBEDDING_DIMENSION, 2 * width) for width in embedded)

    def forward(
        self, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch 1 samples"]:
        """Compute waves from latents and labels."""
        maps = to_maps(self.first(latent), 1, self.coarse)
        embedded = None if self.embedding is None else self.embedding(label)
        for level, up in enumerate(self.ups):
            if embedded is not None:
                maps = modulate(maps, self.modulations[level](embedded))
            maps = up(torch.relu(maps))
        return torch.tanh(maps[:, :, 0, : self.samples].float())


class Discriminator(nn.Module):
    """Waves (B, 1, N) and labels → logits (B, 1), with phase shuffle only where noise is passed."""

    draws_noise = True
    """`forward` takes noise of its own."""

    def __init__(self, phase_shuffle: int, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.phase_shuffle = phase_shuffle
        self.padding = coarse_length(spec.image_width) * _STRIDE ** num_levels(spec.image_width) - spec.image_width
        widths = [spec.channels, *level_widths(base_channels, spec)]
        self.downs = nn.ModuleList(_build_down(a, b) for a, b in pairwise(widths))
        self.head = ProjectionHead(widths[-1] * coarse_length(spec.image_width), spec.classes)
        with_glorot_std(self.head.linear)

    def forward(
        self,
        waves: Float[Tensor, "batch 1 samples"],
        label: Int[Tensor, " batch"] | None = None,
        noise: Noise | None = None,
    ) -> Float[Tensor, "batch 1"]:
        """Compute one logit per wave."""
        maps = F.pad(waves, (0, self.padding))[:, :, None]
        for level, down in enumerate(self.downs):
            if level and noise is not None:
                maps = shuffle_phases(maps, noise, f"phase/{level}", self.phase_shuffle)
            maps = F.leaky_relu(down(maps), _SLOPE)
        return self.head(to_vectors(maps), label)


def shuffle_phases(
    maps: Float[Tensor, "batch channels 1 length"], noise: Noise, stream: str, largest: int
) -> Float[Tensor, "batch channels 1 length"]:
    """Shift each sample's map by a number of −n … n places, all equally likely, and fill by reflection.

    Donahue et al. 2019, section 3.3.

    Args:
        maps: longer than n.
        noise: of these samples.
        stream: of the shifts.
        largest: n.
    """
    if not largest:
        return maps
    length = maps.shape[3]
    shifts = noise.integers(stream, 2 * largest + 1) - largest
    source = (torch.arange(length, device=maps.device) - shifts[:, None]).abs()
    source = torch.where(source < length, source, 2 * (length - 1) - source)
    first = torch.arange(len(maps), device=maps.device)[:, None] * length
    # Rows of channels lie in one piece in channels-last memory.
    rows = maps.movedim(1, 3).reshape(len(maps) * length, -1)
    return F.embedding(first + source, rows).movedim(2, 1)[:, :, None]


def level_widths(base_channels: int, spec: SampleSpec) -> list[int]:
    """Return the channels of each level, finest first."""
    return [base_channels << level for level in range(num_levels(spec.image_width))]


def with_glorot_std(layer: L) -> L:
    """Set the deviation of the initial weights to √(2 / (inputs + outputs)), as the authors do.

    Glorot and Bengio 2010, equation 16. Inputs and outputs are counted with all taps of the kernel.
    """
    outputs, inputs, *kernel = layer.weight.shape
    layer.init_std = math.sqrt(2 / ((inputs + outputs) * math.prod(kernel)))  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue]
    return layer


def _build_up(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    """Build L → 4 L."""
    padding, missing = (0, _KERNEL // 2 - 1), (0, 1)
    up = nn.ConvTranspose2d(inputs, outputs, (1, _KERNEL), (1, _STRIDE), padding=padding, output_padding=missing)
    return with_glorot_std(up)


def _build_down(inputs: int, outputs: int) -> nn.Conv2d:
    """Build 4 L → L."""
    return with_glorot_std(nn.Conv2d(inputs, outputs, (1, _KERNEL), (1, _STRIDE), padding=(0, _KERNEL // 2 - 1)))
