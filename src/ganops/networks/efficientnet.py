"""EfficientNet-Lite, a classifier of ImageNet: its features measure pictures of any kind.

Tan & Le 2019, "EfficientNet: rethinking model scaling for convolutional neural networks", table 1 and equation 3; Lite:
without squeeze-and-excitation, ReLU6 for swish, stem and head of one size in all models.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

FEATURES = 1280
_STEM, _CLASSES = 32, 1000
# Expansion, kernel, stride of the first layer, channels, layers: table 1 of the paper.
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
_MEAN, _SCALE, _BATCH_NORM_EPSILON = 127.0, 128.0, 1e-3
_WIDTH_DIVISOR = 8


@dataclass(frozen=True)
class Scaling:
    """The size of a model.

    Attributes:
        width: factor of the channels of each stage.
        depth: factor of the layers of each stage but the first and the last.
        side: pixels of the pictures that it was trained on.
    """

    width: float
    depth: float
    side: int

    def channels(self, base: int) -> int:
        """Return the multiple of 8 that is nearest to width × base, and at least nine tenths of it."""
        scaled = base * self.width
        rounded = max(_WIDTH_DIVISOR, int(scaled + _WIDTH_DIVISOR / 2) // _WIDTH_DIVISOR * _WIDTH_DIVISOR)
        return rounded if rounded >= 0.9 * scaled else rounded + _WIDTH_DIVISOR

    def stages(self) -> tuple[tuple[int, int, int, int, int], ...]:
        """Return expansion, kernel, stride of the first layer, channels and layers of each stage."""
        fixed = (0, len(_STAGES) - 1)
        return tuple(
            (expansion, kernel, stride, self.channels(base), count if row in fixed else math.ceil(count * self.depth))
            for row, (expansion, kernel, stride, base, count) in enumerate(_STAGES)
        )


LITE0 = Scaling(width=1.0, depth=1.0, side=224)
LITE0_LEVEL_ENDS = (3, 5, 7, 13, 18)
"""The first layers of its body up to a half, a quarter, an eighth, a sixteenth and a thirty-second of the side."""
LITE2 = Scaling(width=1.1, depth=1.2, side=260)


class Convolution(nn.Sequential):
    """Convolution and batch norm; padded as TensorFlow's SAME."""

    def __init__(self, narrow: int, wide: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        each = kernel // 2 if stride == 1 else 0
        super().__init__(
            nn.Identity() if stride == 1 else SamePadding(kernel, stride),
            nn.Conv2d(narrow, wide, kernel, stride, each, groups=groups, bias=False),
            nn.BatchNorm2d(wide, eps=_BATCH_NORM_EPSILON),
        )


class SamePadding(nn.Module):
    """Pad by zeros so that a side n becomes ⌈n / stride⌉; an odd pixel goes right and below."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """Return the padded maps."""
        height, width = (self._missing(side) for side in x.shape[2:])
        return F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))

    def _missing(self, side: int) -> int:
        return max((math.ceil(side / self.stride) - 1) * self.stride + self.kernel - side, 0)


class Block(nn.Module):
    """Inverted bottleneck (Sandler et al. 2018): expand, filter each channel, project; x + y where shapes agree."""

    def __init__(self, narrow: int, wide: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        inner = narrow * expansion
        widen = [Convolution(narrow, inner, 1), nn.ReLU6(inplace=True)] if expansion > 1 else []
        depthwise = [Convolution(inner, inner, kernel, stride, groups=inner), nn.ReLU6(inplace=True)]
        self.body = nn.Sequential(*widen, *depthwise, Convolution(inner, wide, 1))
        self.is_residual = stride == 1 and narrow == wide

    def forward(self, x: Tensor) -> Tensor:
        """Return `wide` channels, the sides divided by the stride."""
        return x + self.body(x) if self.is_residual else self.body(x)


class EfficientNet(nn.Module):
    """Stem, stages of blocks, head, mean over the picture, one logit per class.

    Attributes:
        body: stem (two modules), the blocks of all stages, head (two modules).
    """

    def __init__(self, scaling: Scaling) -> None:
        super().__init__()
        stages = scaling.stages()
        widths = [_STEM, *(channels for *_, channels, _ in stages)]
        layers: list[nn.Module] = [Convolution(3, _STEM, 3, stride=2), nn.ReLU6(inplace=True)]
        for (narrow, wide), (expansion, kernel, stride, _, count) in zip(pairwise(widths), stages, strict=True):
            layers.append(Block(narrow, wide, expansion, kernel, stride))
            layers += [Block(wide, wide, expansion, kernel, 1) for _ in range(count - 1)]
        self.body = nn.Sequential(*layers, Convolution(widths[-1], FEATURES, 1), nn.ReLU6(inplace=True))
        self.last = nn.Linear(FEATURES, _CLASSES)

    def forward(
        self, x: Float[Tensor, "batch 3 height width"]
    ) -> tuple[Float[Tensor, "batch 1280"], Float[Tensor, "batch 1000"]]:
        """Return features and logits of pictures as `normalise` returns them."""
        features = self.body(x).mean(dim=(2, 3))
        return features, self.last(features)


def normalise(levels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
    """Map levels 0 to 255 to the input of the network."""
    return (levels - _MEAN) / _SCALE


def load(scaling: Scaling, weights: Mapping[str, Tensor]) -> EfficientNet:
    """Build a frozen network from a file that has the same tensors in the same order under other names."""
    network = EfficientNet(scaling)
    mine = network.state_dict()
    assert [tuple(value.shape) for value in weights.values()] == [tuple(value.shape) for value in mine.values()]
    network.load_state_dict(dict(zip(mine, weights.values(), strict=True)))
    return network.eval().requires_grad_(False)


def fold(network: EfficientNet) -> EfficientNet:
    """Fold every batch normalisation into its convolution: the same function up to rounding, in fewer operations."""
    for layer in network.modules():
        if isinstance(layer, Convolution):
            _, convolution, normalisation = layer
            assert isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d)
            layer[1], layer[2] = fuse_conv_bn_eval(convolution, normalisation), nn.Identity()
    return network
