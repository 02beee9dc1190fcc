"""A small classifier of the data at hand, whose features judge pictures that Inception never saw.

The features are the layer before the last (Heusel et al. 2017 do the same with Inception), the probabilities its
softmax. Sees uint8 pictures of the store's own size: nothing is resized.
"""

import hashlib
import math
from itertools import pairwise
from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from pydantic import Field
from safetensors.torch import save
from torch import Tensor, nn

from ganops.data.encodings import encode_images
from ganops.errors import MetricError
from ganops.noise import Noise
from ganops.sealed_json import Sha256, Share, StrictModel, seal
from ganops.tensors import WrongTensors, parse_tensors, require_like

FORMAT = "ganops-classifier-3"
DESCRIPTION, WEIGHTS = "extractor.json", "weights.safetensors"
# Convolutions stop halving the picture once its longer side is at most this many pixels.
_LAST_SIDE = 8
_LARGEST_GROWTH = 8
_Size = Annotated[int, Field(ge=1, le=2**16)]


class ClassifierDescription(StrictModel):
    """The schema of extractor.json of a classifier; `restore` takes it beside the weights."""

    format: Literal["ganops-classifier-3"]
    shape: tuple[_Size, _Size, _Size]
    classes: Annotated[tuple[str, ...], Field(min_length=1)]
    width: _Size
    dimension: _Size
    accuracies: dict[str, Share]
    weights_sha256: Sha256


class Network(nn.Module):
    """3×3 convolutions, twice as many at half the size until 8 pixels remain; features; one logit a class."""

    def __init__(self, channels: int, height: int, width_pixels: int, classes: int, width: int, dimension: int) -> None:
        super().__init__()
        num_downsamples = max(0, math.ceil(math.log2(max(height, width_pixels) / _LAST_SIDE)))
        widths = [width * min(2**stage, _LARGEST_GROWTH) for stage in range(num_downsamples + 1)]
        layers: list[nn.Module] = _convolution(channels, widths[0])
        for narrow, wide in pairwise(widths):
            layers += [nn.MaxPool2d(2, ceil_mode=True), *_convolution(narrow, wide)]
        area = math.ceil(height / 2**num_downsamples) * math.ceil(width_pixels / 2**num_downsamples)
        self.body = nn.Sequential(*layers, nn.Flatten())
        self.penultimate = nn.Linear(widths[-1] * area, dimension, bias=False)
        self.norm = nn.BatchNorm1d(dimension)
        self.last = nn.Linear(dimension, classes)

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch dimension"], Float[Tensor, "batch classes"]]:
        """Features (not negative) and logits of model values."""
        features = F.relu(self.norm(self.penultimate(self.body(images))))
        return features, self.last(features)


def _convolution(narrow: int, wide: int) -> list[nn.Module]:
    return [nn.Conv2d(narrow, wide, 3, padding=1, bias=False), nn.BatchNorm2d(wide), nn.ReLU()]


def initialise(network: nn.Module, seed: int) -> None:
    """He et al. 2015, equation 10, from addressed noise: weights N(0, 2 / fan-in), the last bias 0."""
    noise = Noise(seed, first=0, count=1)
    for name, parameter in network.named_parameters():
        if parameter.ndim > 1:
            values = noise.normal(f"classifier/{name}", tuple(parameter.shape))[0]
            parameter.data.copy_(values * math.sqrt(2 / parameter[0].numel()))
        elif name == "last.bias":
            parameter.data.zero_()


class Classifier:
    """The trained classifier as a feature extractor, float32, on the CPU, in evaluation mode.

    Attributes:
        shape: (channels, height, width) of the pictures it knows.
        classes: their names.
        accuracies: split → share of it that it names rightly; nothing was chosen by it.
    """

    name = "classifier"
    resize = "none"
    chunk = 128

    def __init__(self, network: Network, shape: tuple[int, int, int], classes: tuple[str, ...], width: int) -> None:
        self.network = network.eval()
        self.shape, self.classes, self.width = shape, classes, width
        self.accuracies: dict[str, float] = {}

    @property
    def dimension(self) -> int:
        """Features a picture."""
        return self.network.last.in_features

    @property
    def digest(self) -> str:
        """sha256 of the weights as safetensors."""
        return hashlib.sha256(self.weights()).hexdigest()

    def weights(self) -> bytes:
        """The weights as a safetensors file's content."""
        return save({name: tensor.contiguous() for name, tensor in self.network.state_dict().items()})

    def files(self) -> dict[str, bytes]:
        """All that `restore` needs, by file name: the same bytes for the same weights."""
        return {DESCRIPTION: seal(self.description()).encode(), WEIGHTS: self.weights()}

    def description(self) -> dict[str, Any]:
        """What `restore` needs beside the weights, as JSON values."""
        return {
            "format": FORMAT,
            "shape": list(self.shape),
            "classes": list(self.classes),
            "width": self.width,
            "dimension": self.dimension,
            "accuracies": self.accuracies,
            "weights_sha256": self.digest,
        }

    def __call__(
        self, images: UInt8[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch dimension"], Float[Tensor, "batch classes"]]:
        """Features and class probabilities.

        Raises:
            MetricError: pictures of another shape than the classifier was trained on.
        """
        if tuple(images.shape[1:]) != self.shape:
            raise MetricError(
                "classifier",
                expected=f"pictures of (channels, height, width) {self.shape}, as it was trained on",
                received=str(tuple(images.shape[1:])),
                remedy="Train the classifier on this data: kedro run --nodes build_extractor.",
            )
        features, logits = self.network(encode_images(images))
        return features, logits.double().softmax(dim=1)


def build(shape: tuple[int, int, int], classes: tuple[str, ...], width: int, dimension: int) -> Classifier:
    """An untrained classifier."""
    return Classifier(Network(*shape, len(classes), width, dimension), shape, classes, width)


def restore(description: ClassifierDescription, content: bytes) -> Classifier:
    """Build the classifier from its description and the content of its file of weights.

    Raises:
        WrongTensors: the weights are not those described.
    """
    file = parse_tensors(content)
    if file.sha256 != description.weights_sha256:
        raise WrongTensors(f"weights of sha256 {file.sha256}, where {description.weights_sha256} is wanted")
    made = description.shape, description.classes, description.width, description.dimension
    try:
        with torch.device("meta"):
            wanted = build(*made).network.state_dict()
    except (RuntimeError, OverflowError) as error:
        raise WrongTensors(f"sizes of no network: {error}") from None
    require_like(file.tensors, wanted)
    classifier = build(*made)
    classifier.network.load_state_dict(file.tensors)
    classifier.accuracies = dict(description.accuracies)
    return classifier


def damaged(expected: str, received: str) -> MetricError:
    """The error of a judge on disk that cannot be used."""
    remedy = "Make it again: kedro run --nodes build_extractor."
    return MetricError("the judge", expected=expected, received=received, remedy=remedy)
