"""Inception-v3, converted from TensorFlow's graph of 2015-12-05: the features of the FID.

Szegedy et al. 2016, "Rethinking the Inception architecture for computer vision"; the FID is by Heusel et al. 2017.

The definition is torch-fidelity's, bit for bit that of the graph. Its loader is not used, since it unpickles.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.feature_extractor_inceptionv3 import (
    BasicConv2d,
    FeatureExtractorInceptionV3,
    InceptionA,
    InceptionB,
    InceptionC,
    InceptionD,
    InceptionE_1,
    InceptionE_2,
)
from torch_fidelity.helpers import text_to_dtype

from ganops.extractors.base import ExtractorDefaults
from ganops.extractors.rgb import to_rgb
from ganops.extractors.weights import INCEPTION

_LAYER, _CLASSES = 2048, 1008


class Network(FeatureExtractorInceptionV3):
    """torch-fidelity's network without weights; layers have their names in the file, and the widths of the graph."""

    def __init__(self) -> None:
        FeatureExtractorBase.__init__(self, Inception.name, [str(_LAYER), "logits_unbiased"])
        self.feature_extractor_internal_dtype = text_to_dtype("float32", "float32")
        self._make_stem()
        self.Mixed_5b, self.Mixed_5c = InceptionA(192, pool_features=32), InceptionA(256, pool_features=64)
        self.Mixed_5d, self.Mixed_6a = InceptionA(288, pool_features=64), InceptionB(288)
        self.Mixed_6b, self.Mixed_6c = InceptionC(768, channels_7x7=128), InceptionC(768, channels_7x7=160)
        self.Mixed_6d, self.Mixed_6e = InceptionC(768, channels_7x7=160), InceptionC(768, channels_7x7=192)
        self.Mixed_7a, self.Mixed_7b, self.Mixed_7c = InceptionD(768), InceptionE_1(1280), InceptionE_2(_LAYER)
        self.AvgPool = nn.AdaptiveAvgPool2d(output_size=(1, 1))
        self.fc = nn.Linear(_LAYER, _CLASSES)

    def _make_stem(self) -> None:
        self.Conv2d_1a_3x3 = BasicConv2d(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = BasicConv2d(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = BasicConv2d(32, 64, kernel_size=3, padding=1)
        self.MaxPool_1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1 = BasicConv2d(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = BasicConv2d(80, 192, kernel_size=3)
        self.MaxPool_2 = nn.MaxPool2d(kernel_size=3, stride=2)


class Inception(ExtractorDefaults):
    """The network as a feature extractor: float32, on the CPU, in evaluation mode.

    Features are those of the last pooling; probabilities come from logits without bias, as in the reference's
    Inception Score (Salimans et al. 2016), over the graph's 1008 outputs.
    """

    name = "inception"
    dimension = _LAYER
    resize = "to 299 × 299 bilinear of TensorFlow 1"
    chunk = 8

    def __init__(self, weights: Mapping[str, Tensor], digest: str = INCEPTION.sha256) -> None:
        self.digest = digest
        self.network = Network()
        self.network.load_state_dict(dict(weights))
        self.network.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    def __call__(
        self, images: UInt8[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch dimension"], Float[Tensor, "batch classes"]]:
        """Return features and class probabilities of whole pictures; one that is not square is stretched."""
        features, logits = self.network(to_rgb(images))
        return features, logits.double().softmax(dim=1)
