"""The networks of R3GAN (Huang et al. 2024, "The GAN is dead; long live the GAN!", section 4), at any resolution.

A stage is two residual blocks between bilinear resamplings. There is no normalisation: the scale of a block's residual
is set by the initial weights alone (Zhang et al. 2019, "Fixup Initialization"). The number of stages follows from the
resolution (layers.num_downsamples): 28 → 7 · 2², 32 → 4 · 2³. The coarsest level is not padded to 4 × 4: its maps are
read and written with one weight per position, so that any size works.

Stages of up to 32 pixels (shorter side) have `base_channels` channels; each doubling beyond halves them. Published for
CIFAR-10: 768. Different from the paper: the coarsest maps have at least 128 channels, with a 1×1 convolution between
them and the stages: the generator has one number per channel there. And the class scales and shifts the blocks of the
generator, where the paper concatenates its embedding to z: then what z contributes fades, until a class has one picture
(measured: EXPERIMENTS.md).
"""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ganops.networks.layers import ClassEmbedding, centre_crop, coarse_size, modulate, num_downsamples, with_init_std
from ganops.networks.resample import downsample2x, upsample2x
from ganops.training_settings import SampleSpec

_SLOPE = 0.2
_BLOCKS = 2
_GROUP = 16
_EMBEDDING_DIMENSION = 64
_FULL_WIDTH_PIXELS = 32
_LEAST_COARSE_WIDTH = 128


class Generator(nn.Module):
    """(B, z) and labels → pictures (B, C, H, W), not limited to [−1, 1]."""

    def __init__(self, latent_dimension: int, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.size = spec.size
        widths = stage_widths(base_channels, *spec.size)
        self.embedding = ClassEmbedding(spec.classes, _EMBEDDING_DIMENSION) if spec.classes else None
        embedded = _EMBEDDING_DIMENSION if spec.classes else 0
        coarse = max(widths[0], _LEAST_COARSE_WIDTH)
        self.basis = Basis(latent_dimension, coarse, *coarse_size(*spec.size))
        self.narrowing = _match_channels(coarse, widths[0])
        self.stages = nn.ModuleList(_build_stage(stage, len(widths), embedded) for stage in widths)
        self.changes = nn.ModuleList(_match_channels(a, b) for a, b in pairwise(widths))
        self.last = with_init_std(nn.Conv2d(widths[-1], spec.channels, 1))

    def forward(
        self, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        """Compute pictures from latents and labels."""
        embedded = None if self.embedding is None else self.embedding(label)
        maps = self.stages[0](self.narrowing(self.basis(latent)), embedded)
        for change, stage in zip(self.changes, self.stages[1:], strict=True):
            maps = stage(upsample2x(change(maps)), embedded)
        return self.last(centre_crop(maps, *self.size)).float()


class Discriminator(nn.Module):
    """Pictures (B, C, H, W) and labels → logits (B, 1)."""

    def __init__(self, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        widths = stage_widths(base_channels, *spec.size)[::-1]
        self.first = with_init_std(nn.Conv2d(spec.channels, widths[0], 1, bias=False))
        self.stages = nn.ModuleList(_build_stage(stage, len(widths)) for stage in widths)
        self.changes = nn.ModuleList(_match_channels(a, b) for a, b in pairwise(widths))
        coarse = max(widths[-1], _LEAST_COARSE_WIDTH)
        self.widening = _match_channels(widths[-1], coarse)
        self.head = Head(coarse, *coarse_size(*spec.size), spec.classes)

    def forward(
        self,
        pictures: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, "batch 1"]:
        """Compute one logit per picture."""
        maps = self.first(pictures)
        for change, stage in zip(self.changes, self.stages[:-1], strict=True):
            maps = change(downsample2x(stage(maps)))
        return self.head(self.widening(self.stages[-1](maps)), label)


class Stage(nn.Sequential):
    """Residual blocks at one resolution."""

    def forward(
        self, maps: Float[Tensor, "batch channels high broad"], embedded: Float[Tensor, "batch embedding"] | None = None
    ) -> Float[Tensor, "batch channels high broad"]:
        """Apply the blocks in turn."""
        for block in self:
            maps = block(maps, embedded)
        return maps


class Block(nn.Module):
    """x + f(x), f = 1×1, bias, LeakyReLU, 3×3 in groups of 16, bias, LeakyReLU, 1×1: twice as wide inside.

    With classes a gain and a bias after the first 1×1 are linear in the class's embedding.
    """

    def __init__(self, channels: int, blocks: int, embedding_dimension: int = 0) -> None:
        super().__init__()
        inside = -(-2 * channels // _GROUP) * _GROUP
        # √(2 / (1 + slope²)) keeps the variance through a LeakyReLU; the rest is Fixup's L^(−1 / (2m − 2)), m = 3.
        gain = math.sqrt(2 / (1 + _SLOPE**2)) * blocks**-0.25
        self.expand = with_init_std(nn.Conv2d(channels, inside, 1), gain)
        self.mix = with_init_std(nn.Conv2d(inside, inside, 3, padding=1, groups=inside // _GROUP), gain)
        self.reduce = with_init_std(nn.Conv2d(inside, channels, 1, bias=False), 0.0)
        self.of_class = None
        if embedding_dimension:
            self.of_class = with_init_std(nn.Linear(embedding_dimension, 2 * inside, bias=False))

    def forward(
        self, maps: Float[Tensor, "batch channels high broad"], embedded: Float[Tensor, "batch embedding"] | None = None
    ) -> Float[Tensor, "batch channels high broad"]:
        """Add the residual to the maps."""
        inside = self.expand(maps)
        if self.of_class is not None:
            inside = modulate(inside, self.of_class(embedded))
        inside = F.leaky_relu(inside, _SLOPE)
        return maps + self.reduce(F.leaky_relu(self.mix(inside), _SLOPE))


class Basis(nn.Module):
    """The coarsest maps: a learned pattern for each channel, times a linear function of z."""

    init_std = 1.0

    def __init__(self, inputs: int, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.patterns = nn.Parameter(torch.empty(channels, height, width))
        self.linear = with_init_std(nn.Linear(inputs, channels, bias=False))

    def forward(self, latent: Float[Tensor, "batch inputs"]) -> Float[Tensor, "batch channels high broad"]:
        """Compute the coarsest maps from latents."""
        return self.patterns * self.linear(latent)[:, :, None, None]


class Head(nn.Module):
    """One logit per sample: a pattern for each channel, summed over the coarsest map, then linear.

    With classes ⟨e(y), φ⟩ / √dim (Miyato and Koyama 2018), where φ is as wide as the maps. In float32, because the
    relativistic loss reads differences of logits and bfloat16 has only two to three digits.
    """

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        self.patterns = Patterns(channels, height, width)
        self.linear = with_init_std(nn.Linear(channels, channels if classes else 1, bias=False))
        self.embedding = ClassEmbedding(classes, channels) if classes else None

    def forward(
        self, maps: Float[Tensor, "batch channels high broad"], label: Int[Tensor, " batch"] | None
    ) -> Float[Tensor, "batch 1"]:
        """Compute one logit per sample."""
        with torch.autocast(maps.device.type, enabled=False):
            features = self.linear(self.patterns(maps.float()))
            if self.embedding is None:
                return features
            return (self.embedding(label) * features).sum(1, keepdim=True) / math.sqrt(features.shape[1])


class Patterns(nn.Module):
    """A depthwise convolution over the whole map: (B, C, H, W) → (B, C)."""

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, height, width))
        self.init_std = 1 / math.sqrt(height * width)

    def forward(self, maps: Float[Tensor, "batch channels high broad"]) -> Float[Tensor, "batch channels"]:
        """Sum each channel weighted by its pattern."""
        return (maps * self.weight).sum((2, 3))


def stage_widths(base_channels: int, height: int, width: int) -> list[int]:
    """Return the channels of each stage, coarsest first: equal up to 32 pixels, halved at each doubling beyond."""
    sides = [min(coarse_size(height, width)) * 2**level for level in range(num_downsamples(height, width) + 1)]
    return [max(1, base_channels >> max(0, math.ceil(math.log2(side / _FULL_WIDTH_PIXELS)))) for side in sides]


def _build_stage(channels: int, stages: int, embedding_dimension: int = 0) -> Stage:
    return Stage(*(Block(channels, _BLOCKS * stages, embedding_dimension) for _ in range(_BLOCKS)))


def _match_channels(inputs: int, outputs: int) -> nn.Module:
    """Build a 1×1 convolution between two widths; the identity for equal widths."""
    return nn.Identity() if inputs == outputs else with_init_std(nn.Conv2d(inputs, outputs, 1, bias=False))
