"""EfficientNet-Lite0, trained on ImageNet.

Tan & Le 2019, "EfficientNet: rethinking model scaling for convolutional neural networks", table 1; Lite: without
squeeze-and-excitation, ReLU6 for swish.

Suits pictures of any kind, with or without classes: it is small enough for a CPU, and its weights come from a Python
package. Its distances are never compared with those of Inception.
"""

from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from ganops.extractors.base import ExtractorDefaults
from ganops.extractors.rgb import to_rgb
from ganops.extractors.weights import EFFICIENTNET_LITE0

SIDE = 224
_STEM, _HEAD, _CLASSES = 32, 1280, 1000
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


class Convolution(nn.Sequential):
    """Convolution and batch norm. Pads an even side as TensorFlow's SAME does: the odd pixel right and below."""

    def __init__(self, narrow: int, wide: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        each, odd = divmod(kernel - stride, 2)
        super().__init__(
            nn.ZeroPad2d((each, each + 1, each, each + 1)) if odd else nn.Identity(),
            nn.Conv2d(narrow, wide, kernel, stride, 0 if odd else each, groups=groups, bias=False),
            nn.BatchNorm2d(wide, eps=_BATCH_NORM_EPSILON),
        )


class Block(nn.Module):
    """Inverted bottleneck (Sandler et al. 2018): expand, filter each channel, project; x + y where shapes agree."""

    def __init__(self, narrow: int, wide: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        inner = narrow * expansion
        widen = [Convolution(narrow, inner, 1), nn.ReLU6()] if expansion > 1 else []
        depthwise = [Convolution(inner, inner, kernel, stride, groups=inner), nn.ReLU6()]
        self.body = nn.Sequential(*widen, *depthwise, Convolution(inner, wide, 1))
        self.is_residual = stride == 1 and narrow == wide

    def forward(self, x: Tensor) -> Tensor:
        """Return `wide` channels, the sides divided by the stride."""
        return x + self.body(x) if self.is_residual else self.body(x)


class Network(nn.Module):
    """Stem, sixteen blocks, head, mean over the picture, one logit per class."""

    def __init__(self) -> None:
        super().__init__()
        widths = [_STEM, *(channels for *_, channels, _ in _STAGES)]
        layers: list[nn.Module] = [Convolution(3, _STEM, 3, stride=2), nn.ReLU6()]
        for (narrow, wide), (expansion, kernel, stride, _, count) in zip(pairwise(widths), _STAGES, strict=True):
            layers.append(Block(narrow, wide, expansion, kernel, stride))
            layers += [Block(wide, wide, expansion, kernel, 1) for _ in range(count - 1)]
        self.body = nn.Sequential(*layers, Convolution(widths[-1], _HEAD, 1), nn.ReLU6())
        self.last = nn.Linear(_HEAD, _CLASSES)

    def forward(
        self, x: Float[Tensor, "batch 3 side side"]
    ) -> tuple[Float[Tensor, "batch 1280"], Float[Tensor, "batch 1000"]]:
        """Return features and logits; the side is a multiple of 32."""
        features = self.body(x).mean(dim=(2, 3))
        return features, self.last(features)


def load(network: Network, weights: Mapping[str, Tensor]) -> None:
    """Fill the network from a file that has the same tensors in the same order under other names."""
    mine = network.state_dict()
    assert [tuple(value.shape) for value in weights.values()] == [tuple(value.shape) for value in mine.values()]
    network.load_state_dict(dict(zip(mine, weights.values(), strict=True)))


class EfficientNetLite0(ExtractorDefaults):
    """The network as a feature extractor: float32, on the CPU, in evaluation mode.

    Features are those after the mean over the picture, probabilities those of ImageNet's classes.
    """

    name = "efficientnet_lite0"
    dimension = _HEAD
    digest = EFFICIENTNET_LITE0.sha256
    resize = f"to {SIDE} × {SIDE} bicubic antialiased rounded"
    chunk = 8

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self.network = Network()
        load(self.network, weights)
        self.network.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    def __call__(
        self, images: UInt8[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch dimension"], Float[Tensor, "batch classes"]]:
        """Return features and class probabilities of whole pictures; one that is not square is stretched."""
        features, logits = self.network((resize(to_rgb(images)) - _MEAN) / _SCALE)
        return features, logits.double().softmax(dim=1)


def resize(images: UInt8[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 side side"]:
    """Return levels 0 to 255, whole numbers, as Pillow computes them."""
    levels = F.interpolate(images.float(), (SIDE, SIDE), mode="bicubic", antialias=True)
    return levels.round().clamp(0, 255)
