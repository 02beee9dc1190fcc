"""U-Net (Ronneberger et al. 2015, "U-Net: Convolutional Networks for Biomedical Image Segmentation").

4×4 convolutions of stride 2 lead down to dilated residual blocks, which see the whole picture (Iizuka et al. 2017,
"Globally and Locally Consistent Image Completion", section 3.2). On the way up each level is doubled, joined with the
map of the way down and convolved. Nothing is normalized, so that one sample does not depend on the others.
"""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ganops.networks.layers import clamp, level_widths, num_downsamples, with_init_std
from ganops.training_settings import SampleSpec

_SLOPE = 0.2
_GAIN = math.sqrt(2 / (1 + _SLOPE**2))  # He et al. 2015, eq. 15
_DILATIONS = (2, 4)


class UNet(nn.Module):
    """Maps (B, inputs, H, W) → pictures (B, C, H, W) in [−1, 1]."""

    def __init__(self, base_channels: int, spec: SampleSpec, inputs: int) -> None:
        super().__init__()
        levels = level_widths(base_channels, num_downsamples(*spec.size))[::-1]
        self.first = _conv(inputs, levels[0], 3, padding=1)
        self.downs = nn.ModuleList(_conv(a, b, 4, stride=2, padding=1) for a, b in pairwise(levels))
        self.middle = nn.ModuleList(_conv(levels[-1], levels[-1], 3, padding=d, dilation=d) for d in _DILATIONS)
        self.ups = nn.ModuleList(_conv(a + b, a, 3, padding=1) for a, b in reversed(list(pairwise(levels))))
        self.last = nn.Conv2d(levels[0], spec.channels, 3, padding=1)

    def forward(self, maps: Float[Tensor, "batch inputs height width"]) -> Float[Tensor, "batch channels height width"]:
        """Compute pictures."""
        maps = self._activate(self.first(maps))
        skips = []
        for down in self.downs:
            skips.append(maps)
            maps = self._activate(down(maps))
        for block in self.middle:
            maps = maps + self._activate(block(maps))
        for up, skip in zip(self.ups, reversed(skips), strict=True):
            wide = F.interpolate(maps, size=skip.shape[2:], mode="nearest")
            maps = self._activate(up(torch.cat([wide, skip], dim=1)))
        return clamp(self.last(maps).float())

    @staticmethod
    def _activate(maps: Tensor) -> Tensor:
        return F.leaky_relu(maps, _SLOPE)


class Completer(UNet):
    """Pictures (B, C, H, W) in [−1, 1] and masks (B, 1, H, W), 1 in the hole → pictures (B, C, H, W) in [−1, 1].

    The values in the hole are not read: 0 stands in their place, beside the mask. Where there is noise, each of its
    numbers is a further map of one value (Zhu et al. 2017, "Toward Multimodal Image-to-Image Translation", figure 3a).
    """

    def __init__(self, base_channels: int, spec: SampleSpec, noise_dimension: int = 0) -> None:
        super().__init__(base_channels, spec, spec.channels + 1 + noise_dimension)

    def forward(
        self,
        pictures: Float[Tensor, "batch channels height width"],
        masks: Float[Tensor, "batch 1 height width"],
        *noise: Float[Tensor, "batch dimension"],
    ) -> Float[Tensor, "batch channels height width"]:
        """Compute pictures from pictures with a hole, masks and, where the network has some, noise."""
        maps = [values[:, :, None, None].expand(-1, -1, *masks.shape[2:]) for values in noise]
        return super().forward(torch.cat([pictures * (1 - masks), masks, *maps], dim=1))


def _conv(inputs: int, outputs: int, kernel: int, *, stride: int = 1, padding: int, dilation: int = 1) -> nn.Conv2d:
    return with_init_std(nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation), _GAIN)
