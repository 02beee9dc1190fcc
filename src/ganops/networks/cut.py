"""The networks of CUT (Park et al. 2020, "Contrastive Learning for Unpaired Image-to-Image Translation").

The generator is that of CycleGAN (Zhu et al. 2017, appendix 7.2): convolutions down to a quarter of the side, residual
blocks, and up again, with instance normalisation; six blocks, nine from 256 pixels on. As in CUT, low-pass filters
stand at every change of resolution. `Heads` project the maps of the encoder for the contrastive loss.

Different from the papers: below 64 pixels the blocks work at half of the side. Maps of a quarter, 8 × 8 or less, lost
what the pictures show (EXPERIMENTS.md).
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ganops.networks.layers import clamp, level_widths, with_init_std
from ganops.networks.resample import downsample2x, upsample2x
from ganops.training_settings import SampleSpec

_BLOCKS, _BLOCKS_OF_LARGE, _LARGE_SIDE = 6, 9, 256
_DOWNSAMPLES, _DOWNSAMPLES_OF_SMALL, _SMALL_SIDE = 2, 1, 64
# The residual blocks whose maps the heads read.
_READ_BLOCKS = (0, 4)
_PROJECTED = 256
_GAIN = math.sqrt(2)  # He et al. 2015


class Generator(nn.Module):
    """Pictures (B, C, H, W) in [−1, 1] → pictures of the same shape."""

    def __init__(self, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        widths = _list_widths(base_channels, spec)
        blocks = _BLOCKS_OF_LARGE if min(spec.size) >= _LARGE_SIDE else _BLOCKS
        self.first = _conv(spec.channels, widths[0], 7)
        self.downs = nn.ModuleList(_conv(a, b, 3) for a, b in pairwise(widths))
        self.blocks = nn.ModuleList(Block(widths[-1]) for _ in range(blocks))
        self.ups = nn.ModuleList(_conv(a, b, 3) for a, b in pairwise(reversed(widths)))
        self.last = with_init_std(_conv(widths[0], spec.channels, 7, bias=True))

    def forward(
        self, pictures: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Translate pictures."""
        _, maps = self._downsample(pictures)
        for block in self.blocks:
            maps = block(maps)
        height, width = pictures.shape[2:]
        for level, up in zip(reversed(range(len(self.ups))), self.ups, strict=True):
            size = -(-height // 2**level), -(-width // 2**level)
            maps = _activate(up(upsample2x(maps)[:, :, : size[0], : size[1]]))
        return clamp(self.last(maps).float())

    def encode(self, pictures: Float[Tensor, "batch channels height width"]) -> list[Float[Tensor, "batch _ _ _"]]:
        """Return the maps that the heads read: pixels, after each downsampling, and after residual blocks."""
        levels, maps = self._downsample(pictures)
        for number, block in enumerate(self.blocks[: _READ_BLOCKS[-1] + 1]):
            maps = block(maps)
            if number in _READ_BLOCKS:
                levels.append(maps)
        return levels

    def _downsample(self, pictures: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return the pixels and the maps after each downsampling, and the last of these."""
        levels, maps = [pictures], _activate(self.first(pictures))
        for down in self.downs:
            maps = _activate(down(downsample2x(maps)))
            levels.append(maps)
        return levels, maps


class Block(nn.Module):
    """x + the normalised output of two 3×3 convolutions (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels, 3)
        self.second = _conv(channels, channels, 3)

    def forward(
        self, maps: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Add to the maps."""
        return maps + _normalise(self.second(_activate(self.first(maps))))


class Heads(nn.Module):
    """Maps of the encoder at chosen positions → unit vectors of 256 numbers, by a two-layer network for each level."""

    def __init__(self, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        maps = _list_widths(base_channels, spec)
        widths = [spec.channels, *maps[1:], *[maps[-1]] * len(_READ_BLOCKS)]
        self.first = nn.ModuleList(with_init_std(nn.Linear(width, _PROJECTED), _GAIN) for width in widths)
        self.second = nn.ModuleList(with_init_std(nn.Linear(_PROJECTED, _PROJECTED)) for _ in widths)

    def forward(
        self, levels: Sequence[Float[Tensor, "batch _ _ _"]], positions: Sequence[Int[Tensor, "batch _"]]
    ) -> list[Float[Tensor, "batch _ projected"]]:
        """Project each level at its positions, which count the pixels of a map row by row."""
        projected = []
        for maps, chosen, first, second in zip(levels, positions, self.first, self.second, strict=True):
            vectors = maps.flatten(2).transpose(1, 2)
            index = chosen[:, :, None].expand(-1, -1, vectors.shape[2])
            projected.append(F.normalize(second(F.relu(first(vectors.gather(1, index)))).float(), dim=2))
        return projected


def _list_widths(base_channels: int, spec: SampleSpec) -> list[int]:
    """Return the channels before the first downsampling and after each."""
    num_downsamples = _DOWNSAMPLES_OF_SMALL if min(spec.size) < _SMALL_SIDE else _DOWNSAMPLES
    return level_widths(base_channels, num_downsamples)[::-1]


def _activate(maps: Tensor) -> Tensor:
    return F.relu(_normalise(maps))


def _normalise(maps: Tensor) -> Tensor:
    # Instance normalisation; F.instance_norm refuses maps of one pixel, as pictures of 4 × 4 have.
    return F.group_norm(maps, maps.shape[1])


def _conv(inputs: int, outputs: int, kernel: int, bias: bool = False) -> nn.Conv2d:
    """Build a convolution; before a normalisation a bias has no effect, and Adam would move it by rounding errors."""
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode="replicate", bias=bias)
    return with_init_std(layer, _GAIN)
