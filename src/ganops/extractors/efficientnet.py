"""EfficientNet-Lite, trained on ImageNet, as a feature extractor.

Suits pictures of any kind, with or without classes: it is small enough for a CPU, and its weights come from a Python
package. Distances of different models, or of Inception, are never compared.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from ganops.extractors.base import ExtractorDefaults
from ganops.extractors.rgb import to_rgb
from ganops.extractors.weights import EFFICIENTNET_LITE0
from ganops.networks.efficientnet import FEATURES, LITE0, EfficientNet, load, normalise

SIDE = LITE0.side


class EfficientNetLite0(ExtractorDefaults):
    """The network as a feature extractor: float32, on the CPU, in evaluation mode.

    Features are those after the mean over the picture, probabilities those of ImageNet's classes.
    """

    name = "efficientnet_lite0"
    dimension = FEATURES
    digest = EFFICIENTNET_LITE0.sha256
    resize = f"to {SIDE} × {SIDE} bicubic antialiased rounded"
    chunk = 8

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self.network = EfficientNet(LITE0)
        load(self.network, weights)
        self.network.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    def __call__(
        self, images: UInt8[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch dimension"], Float[Tensor, "batch classes"]]:
        """Return features and class probabilities of whole pictures; one that is not square is stretched."""
        features, logits = self.network(normalise(resize(to_rgb(images))))
        return features, logits.double().softmax(dim=1)


def resize(images: UInt8[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 side side"]:
    """Return levels 0 to 255, whole numbers, as Pillow computes them."""
    levels = F.interpolate(images.float(), (SIDE, SIDE), mode="bicubic", antialias=True)
    return levels.round().clamp(0, 255)
