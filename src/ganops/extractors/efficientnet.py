"""EfficientNet-Lite, trained on ImageNet, as a feature extractor.

Suits pictures of any kind, with or without classes: it is small enough for a CPU, and its weights come from a Python
package. Distances by different networks are never compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from ganops.extractors.base import ExtractorDefaults
from ganops.extractors.rgb import to_rgb
from ganops.extractors.weights import EFFICIENTNET_LITE0, EFFICIENTNET_LITE2, WeightsFile
from ganops.networks.efficientnet import FEATURES, LITE0, LITE2, Scaling, fold, load, normalise


@dataclass(frozen=True)
class EfficientNetModel:
    """A model of the family: name, size and weights."""

    name: str
    scaling: Scaling
    weights: WeightsFile


MODELS = {
    model.name: model
    for model in (
        EfficientNetModel("efficientnet_lite0", LITE0, EFFICIENTNET_LITE0),
        EfficientNetModel("efficientnet_lite2", LITE2, EFFICIENTNET_LITE2),
    )
}


class EfficientNetLite(ExtractorDefaults):
    """The network as a feature extractor: float32, on the CPU, in evaluation mode.

    Features are those after the mean over the picture, probabilities those of ImageNet's classes.
    """

    dimension = FEATURES
    chunk = 4  # larger maps leave the processor's cache: 8 take a tenth longer

    def __init__(self, model: EfficientNetModel, weights: Mapping[str, Tensor]) -> None:
        self.name, self.digest, self.side = model.name, model.weights.sha256, model.scaling.side
        self.resize = f"to {self.side} × {self.side} bicubic antialiased rounded"
        self.network = fold(load(model.scaling, weights)).to(memory_format=torch.channels_last)

    def __call__(
        self, images: UInt8[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch dimension"], Float[Tensor, "batch classes"]]:
        """Return features and class probabilities of whole pictures; one that is not square is stretched."""
        features, logits = self.network(normalise(resize(to_rgb(images), self.side)))
        return features, logits.double().softmax(dim=1)


def resize(images: UInt8[Tensor, "batch 3 height width"], side: int) -> Float[Tensor, "batch 3 side side"]:
    """Return levels 0 to 255, whole numbers, as Pillow computes them."""
    levels = F.interpolate(images.float(), (side, side), mode="bicubic", antialias=True)
    return levels.round().clamp(0, 255)
