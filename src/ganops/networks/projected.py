"""The discriminator of Projected GAN (Sauer et al. 2021, "Projected GANs Converge Faster", section 3), at any size.

Pictures are projected to four maps by a network that no training changes: EfficientNet-Lite0, trained on ImageNet, at a
quarter to a thirty-second of the side; random 1×1 convolutions that mix the channels of each map (CCM, section 3.2);
random 3×3 convolutions that mix the maps, from coarse to fine (CSM). A small discriminator reads each of the four.

Different from the paper: all mixed maps have the same number of channels, in place of more in coarse ones; group
normalisation in place of batch normalisation, so that a logit depends on one picture alone; and pictures are read at
the size that `reading_size` states, in place of 224 pixels and more.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from ganops.networks.efficientnet import LITE0, LITE0_LEVEL_ENDS, Convolution, fold, load, normalise
from ganops.networks.frozen import FrozenConvolution
from ganops.networks.layers import initialise, with_init_std
from ganops.training_settings import SampleSpec

_STRIDE, _LEAST_SIDE = 32, 64
# From a quarter of the side on.
_STAGE_ENDS, _STAGE_CHANNELS = LITE0_LEVEL_ENDS[1:], (24, 40, 112, 320)
_MIXED_CHANNELS, _HEAD_CHANNELS, _GROUP = 64, 64, 8
_SLOPE = 0.2
_HALF_RANGE = 127.5


class Projection(nn.Module):
    """Pictures (B, C, H, W) in [−1, 1] → four maps of 64 channels, fine to coarse. Frozen.

    It has no parameters, and is no part of a training's state: its tensors follow from the pretrained weights and the
    seed. Grey is repeated for three colours. A transparent picture is put on white, as it is for the metrics: colours
    below full transparency are not seen.
    """

    def __init__(self, spec: SampleSpec, weights: Mapping[str, Shaped[Tensor, "..."]], seed: int) -> None:
        super().__init__()
        self.size = reading_size(*spec.size)
        self.stages = nn.ModuleList(_build_stages(weights))
        channels = [nn.Conv2d(inputs, _MIXED_CHANNELS, 1) for inputs in _STAGE_CHANNELS]
        scales = [nn.Conv2d(_MIXED_CHANNELS, _MIXED_CHANNELS, 3, padding=1) for _ in _STAGE_CHANNELS]
        self.channel_mixing = _draw_mixing(channels, "projection/channel_mixing", seed)
        self.scale_mixing = _draw_mixing(scales, "projection/scale_mixing", seed)
        self.eval().requires_grad_(False)

    def forward(self, pictures: Float[Tensor, "batch channels height width"]) -> list[Float[Tensor, "batch 64 _ _"]]:
        """Project the pictures; the gradient reaches them, and nothing else."""
        maps = normalise((_to_rgb(pictures) + 1) * _HALF_RANGE)
        if tuple(maps.shape[2:]) != self.size:
            maps = F.interpolate(maps, self.size, mode="bilinear")
        return self._mix(self._read(maps))

    def _read(self, maps: Tensor) -> list[Tensor]:
        read = []
        for stage, mix in zip(self.stages, self.channel_mixing, strict=True):
            maps = stage(maps)
            read.append(mix(maps))
        return read

    def _mix(self, maps: list[Tensor]) -> list[Tensor]:
        """Add each coarser map, upsampled, before the convolution of the next finer one."""
        mixed = [self.scale_mixing[-1](maps[-1])]
        for finer, mix in zip(maps[-2::-1], list(self.scale_mixing)[-2::-1], strict=True):
            wide = F.interpolate(mixed[0], finer.shape[2:], mode="bilinear")
            mixed.insert(0, mix(finer + wide))
        return mixed


class Discriminator(nn.Module):
    """Four projected maps of pictures, and labels → logits (B, P): those of all heads beside one another."""

    def __init__(self, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.heads = nn.ModuleList(Head(downs, spec.classes) for downs in (3, 2, 1, 0))

    def forward(
        self, maps: Sequence[Float[Tensor, "batch 64 _ _"]], label: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch parts"]:
        """Compute the logits of each head at each position of the coarsest map."""
        assert not isinstance(maps, Tensor), "build the game with the frozen weights"
        return torch.cat([head(map_, label).flatten(1) for head, map_ in zip(self.heads, maps, strict=True)], dim=1)


class Head(nn.Module):
    """A projected map → a logit at each position: downsampling blocks, then ψ(φ) + ⟨e(y), φ⟩ / √dim.

    The projection of the class is Miyato and Koyama's (2018, eq. 3), at each position.
    """

    def __init__(self, downs: int, classes: int) -> None:
        super().__init__()
        widths = [_MIXED_CHANNELS, *[_HEAD_CHANNELS] * max(1, downs)]
        self.blocks = nn.Sequential(*(_build_block(a, b, downsample=downs > 0) for a, b in pairwise(widths)))
        self.last = with_init_std(nn.Conv2d(_HEAD_CHANNELS, 1, 3, padding=1))
        self.embedding = nn.Embedding(classes, _HEAD_CHANNELS) if classes else None

    def forward(
        self, maps: Float[Tensor, "batch 64 high broad"], label: Int[Tensor, " batch"] | None
    ) -> Float[Tensor, "batch 1 low narrow"]:
        """Compute one logit at each position of the coarsest map."""
        features = self.blocks(maps)
        logits = self.last(features)
        if self.embedding is None:
            return logits
        of_class = self.embedding(label)[:, :, None, None] / _HEAD_CHANNELS**0.5
        return logits + (of_class * features).sum(1, keepdim=True)


def reading_size(height: int, width: int) -> tuple[int, int]:
    """Return the size at which pictures are read: the multiples of 32 nearest to their own, from 64 pixels on."""
    factor = max(1.0, _LEAST_SIDE / min(height, width))
    return tuple(math.floor(side * factor / _STRIDE + 0.5) * _STRIDE for side in (height, width))  # pyright: ignore[reportReturnType]


def _to_rgb(pictures: Tensor) -> Tensor:
    colours = pictures if pictures.shape[1] in (1, 3) else _on_white(pictures)
    return colours.expand(-1, 3, -1, -1)


def _on_white(pictures: Tensor) -> Tensor:
    opacity = (pictures[:, -1:] + 1) / 2
    return 1 + opacity * (pictures[:, :-1] - 1)


def _build_stages(weights: Mapping[str, Tensor]) -> list[nn.Module]:
    layers = [_freeze(layer) for layer in fold(load(LITE0, weights)).body]
    return [nn.Sequential(*layers[start:end]) for start, end in zip((0, *_STAGE_ENDS), _STAGE_ENDS, strict=False)]


def _freeze(layer: nn.Module) -> nn.Module:
    if isinstance(layer, Convolution):
        convolution = layer[1]
        assert isinstance(convolution, nn.Conv2d)
        missing = convolution.kernel_size[0] - convolution.stride[0]  # of even sides
        return FrozenConvolution(convolution, (missing // 2, missing - missing // 2))
    for name, child in layer.named_children():
        setattr(layer, name, _freeze(child))
    return layer


def _build_block(inputs: int, outputs: int, downsample: bool) -> nn.Sequential:
    kernel, stride = (4, 2) if downsample else (3, 1)
    return nn.Sequential(
        _kaiming(nn.Conv2d(inputs, outputs, kernel, stride, padding=1)),
        nn.GroupNorm(outputs // _GROUP, outputs),
        nn.LeakyReLU(_SLOPE, inplace=True),
    )


def _draw_mixing(layers: Iterable[nn.Conv2d], name: str, seed: int) -> nn.ModuleList:
    """Draw the weights of random convolutions (He et al. 2015) at addresses below `name`."""
    drawn = [initialise(_kaiming(layer), f"{name}/{number}", seed) for number, layer in enumerate(layers)]
    return nn.ModuleList(FrozenConvolution(layer, (layer.padding[0],) * 2) for layer in drawn)  # pyright: ignore[reportArgumentType]


def _kaiming(layer: nn.Conv2d) -> nn.Conv2d:
    """Set the initial variance to 2 / inputs (He et al. 2015)."""
    return with_init_std(layer, 2**0.5)
