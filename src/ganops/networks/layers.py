"""Layers shared by the network families: geometry, class conditioning, and addressed initial weights."""

import math
from typing import Any, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ganops.noise import Noise

N = TypeVar("N", bound=nn.Module)
L = TypeVar("L", nn.Conv2d, nn.Linear)
_MOST_DOUBLINGS = 3
# Of bfloat16, in a vector of 512 bits.
_NUMBERS_AT_ONCE = 32


def num_downsamples(height: int, width: int) -> int:
    """Count the downsamplings by 2 until the shorter side is below 8 pixels: 28 → 2 (7), 32 → 3 (4), 64 → 4 (4)."""
    return max(1, math.floor(math.log2(min(height, width) / 4)))


def coarse_size(height: int, width: int) -> tuple[int, int]:
    """Return the size of the smallest map that covers the picture after `num_downsamples` upsamplings by 2."""
    factor = 2 ** num_downsamples(height, width)
    return -(-height // factor), -(-width // factor)


def level_widths(base_channels: int, doublings: int) -> list[int]:
    """Return the channels of each level, coarsest first: doubled at most three times from the finest level on."""
    return [base_channels << min(_MOST_DOUBLINGS, doublings - level) for level in range(doublings + 1)]


def centre_crop(
    pictures: Float[Tensor, "batch channels tall broad"], height: int, width: int
) -> Float[Tensor, "batch channels height width"]:
    """Return the central height × width pixels."""
    top, left = (pictures.shape[2] - height) // 2, (pictures.shape[3] - width) // 2
    return pictures[:, :, top : top + height, left : left + width]


def to_maps(
    vectors: Float[Tensor, "batch features"], height: int, width: int
) -> Float[Tensor, "batch channels height width"]:
    """Reshape vectors to maps in channels-last memory, as convolutions prefer it, without copying."""
    return vectors.unflatten(1, (height, width, -1)).movedim(3, 1)


def to_vectors(maps: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch features"]:
    """Invert `to_maps`, so that the gradient, too, is in channels-last memory."""
    return maps.movedim(1, 3).flatten(1)


def clamp(values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Clamp to [−1, 1]; the gradient is stopped only where it points further out.

    tanh has no gradient where it saturates. A loss that draws most pixels to one end, as the L1 distance to digits on
    black does, then ends a training in pictures of one colour (measured: EXPERIMENTS.md).
    """
    return _Clamp.apply(values)  # pyright: ignore[reportReturnType]


class _Clamp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        ctx.save_for_backward(values)
        return values.clamp(-1, 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        (values,) = ctx.saved_tensors
        outwards = ((values > 1) & (gradient < 0)) | ((values < -1) & (gradient > 0))
        return gradient.masked_fill(outwards, 0.0)


class ClassEmbedding(nn.Embedding):
    """One vector per class, initialised as N(0, 1)."""

    init_std = 1.0


def modulate(
    maps: Float[Tensor, "batch channels height width"], values: Float[Tensor, "batch twice"]
) -> Float[Tensor, "batch channels height width"]:
    """Compute (1 + gain) · maps + bias; the values are the gain, then the bias, of each channel.

    A processor computes 32 numbers of bfloat16 at once, and one by one where fewer stand beside one another: for narrow
    maps the values are repeated, for a whole row of the maps in channels-last memory (benchmarks/layers.py).
    """
    gain, bias = values.to(maps.dtype).chunk(2, dim=1)
    if maps.dtype != torch.bfloat16 or maps.shape[1] >= _NUMBERS_AT_ONCE:
        return torch.addcmul(bias[:, :, None, None], maps, 1 + gain[:, :, None, None])
    width = maps.shape[3]
    gain, bias = (each.repeat(1, width)[:, None] for each in (gain, bias))
    rows = maps.movedim(1, 3).flatten(2)
    return torch.addcmul(bias, rows, 1 + gain).unflatten(2, (width, -1)).movedim(3, 1)


class ConditionalBatchNorm(nn.Module):
    """Batch normalisation, then a gain and a bias that are linear in a vector: the embedding of the class, or z too.

    Brock et al. 2019, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", B.1; Chen et al. 2019, "On
    Self Modulation for Generative Adversarial Networks". The generator's first layer must not have the class beside z:
    batch normalisation then keeps the variance between classes while the variance within each class vanishes, until a
    class has one picture (measured: EXPERIMENTS.md).
    """

    def __init__(self, channels: int, embedding_dimension: int) -> None:
        super().__init__()
        self.normalise = nn.BatchNorm2d(channels, affine=not embedding_dimension)
        self.of_class = nn.Linear(embedding_dimension, 2 * channels) if embedding_dimension else None

    def forward(
        self, maps: Float[Tensor, "batch channels height width"], embedded: Float[Tensor, "batch embedding"] | None
    ) -> Float[Tensor, "batch channels height width"]:
        """Normalise the maps, then scale and shift them."""
        normal = self.normalise(maps)
        if self.of_class is None:
            return normal
        return modulate(normal, self.of_class(embedded))


class ConditionalBatchNorm1d(ConditionalBatchNorm):
    """Conditional batch normalisation of vectors: a vector is a map of one pixel."""

    def forward(
        self, maps: Float[Tensor, "batch channels"], embedded: Float[Tensor, "batch embedding"] | None
    ) -> Float[Tensor, "batch channels"]:
        """Normalise the vectors, then scale and shift them by the class."""
        return super().forward(maps[:, :, None, None], embedded).flatten(1)


class ProjectionHead(nn.Module):
    """One logit per sample: ψ(φ) + ⟨e(y), φ⟩ (Miyato and Koyama 2018, "cGANs with Projection Discriminator", eq. 3)."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 1)
        self.embedding = nn.Embedding(classes, features) if classes else None

    def forward(
        self, features: Float[Tensor, "batch features"], label: Int[Tensor, " batch"] | None
    ) -> Float[Tensor, "batch 1"]:
        """Compute one logit per sample."""
        logit = self.linear(features)
        if self.embedding is None:
            return logit
        return logit + (self.embedding(label) * features).sum(1, keepdim=True)


def with_init_std(layer: L, gain: float = 1.0) -> L:
    """Set the standard deviation of the layer's initial weights to gain / √n, n inputs per output; return the layer."""
    layer.init_std = gain / math.sqrt(layer.weight[0].numel())  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue]
    return layer


@torch.no_grad()
def initialise(network: N, name: str, seed: int, deviation: float = 0.02) -> N:
    """Initialise weights by N(0, σ), normalisation gains by N(1, σ), biases by zero (Radford et al. 2016, section 3).

    A module's attribute `init_std` overrides σ. Each parameter is drawn at the address (seed, network and parameter
    name), so that adding a parameter changes no other.
    """
    for path, module in network.named_modules():
        std = getattr(module, "init_std", deviation)
        for key, parameter in module.named_parameters(recurse=False):
            if "bias" in key or parameter.ndim == 0:
                parameter.zero_()
                continue
            centre = 1.0 if parameter.ndim == 1 else 0.0
            noise = Noise(seed, first=0, count=1).normal(f"weights/{name}/{path}.{key}", tuple(parameter.shape))
            parameter.copy_(centre + std * noise[0])
    return network
