"""A small classifier of the data as a feature extractor, for pictures unlike those that Inception was trained on.

The features are the layer before the last, as in Heusel et al. 2017 with Inception; the probabilities are the softmax.
It takes uint8 pictures of the size of the store: nothing is resized.
"""

import hashlib
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar

import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from pydantic import Field
from safetensors.torch import save
from torch import Tensor, nn

from ganops.data.encodings import ENCODINGS
from ganops.errors import MetricError
from ganops.extractors.base import ExtractorDefaults
from ganops.noise import Noise
from ganops.sealed_json import Sha256, Share, StrictModel, seal
from ganops.tensors import WrongTensors, parse_tensors, require_like

FORMAT = "ganops-classifier-3"
DESCRIPTION, WEIGHTS = "extractor.json", "weights.safetensors"
# The picture is halved until its longer side has at most this many pixels.
_LAST_SIDE = 8
_LARGEST_GROWTH = 8
Size = Annotated[int, Field(ge=1, le=2**16)]


class ClassifierDescription(StrictModel):
    """The schema of a classifier's extractor.json."""

    format: Literal["ganops-classifier-3"]
    shape: tuple[Size, Size, Size]
    classes: Annotated[tuple[str, ...], Field(min_length=1)]
    base_channels: Size
    dimension: Size
    accuracies: dict[str, Share]
    weights_sha256: Sha256


class Network(nn.Module):
    """3×3 convolutions whose channels double where the size halves, down to 8 pixels; features; one logit per class."""

    def __init__(
        self, channels: int, image_height: int, image_width: int, classes: int, base_channels: int, dimension: int
    ) -> None:
        super().__init__()
        num_downsamples = max(0, math.ceil(math.log2(max(image_height, image_width) / _LAST_SIDE)))
        widths = [base_channels * min(2**stage, _LARGEST_GROWTH) for stage in range(num_downsamples + 1)]
        layers: list[nn.Module] = _convolution(channels, widths[0])
        for narrow, wide in pairwise(widths):
            layers += [nn.MaxPool2d(2, ceil_mode=True), *_convolution(narrow, wide)]
        area = math.ceil(image_height / 2**num_downsamples) * math.ceil(image_width / 2**num_downsamples)
        self.body = nn.Sequential(*layers, nn.Flatten())
        self.penultimate = nn.Linear(widths[-1] * area, dimension, bias=False)
        self.norm = nn.BatchNorm1d(dimension)
        self.last = nn.Linear(dimension, classes)

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch dimension"], Float[Tensor, "batch classes"]]:
        """Return the features (≥ 0) and the logits of pictures in model values."""
        features = F.relu(self.norm(self.penultimate(self.body(images))))
        return features, self.last(features)


def _convolution(narrow: int, wide: int) -> list[nn.Module]:
    return [nn.Conv2d(narrow, wide, 3, padding=1, bias=False), nn.BatchNorm2d(wide), nn.ReLU()]


def initialise(network: nn.Module, seed: int) -> None:
    """Draw weights from N(0, 2 / fan-in), He et al. 2015, equation 10, and set the last bias to 0."""
    noise = Noise(seed, first=0, count=1)
    for name, parameter in network.named_parameters():
        if parameter.ndim > 1:
            values = noise.normal(f"classifier/{name}", tuple(parameter.shape))[0]
            parameter.data.copy_(values * math.sqrt(2 / parameter[0].numel()))
        elif name == "last.bias":
            parameter.data.zero_()


class Classifier(ExtractorDefaults):
    """The trained classifier as a feature extractor, float32, on the CPU, in evaluation mode.

    Attributes:
        shape: (channels, height, width) of the pictures.
        classes: their names.
        base_channels: of the first convolution.
        accuracies: split → share of it that is classified correctly; they chose no setting of the classifier.
    """

    name = "classifier"
    file_format = FORMAT
    resize = "none"
    chunk = 128

    def __init__(
        self, network: Network, shape: tuple[int, int, int], classes: tuple[str, ...], base_channels: int
    ) -> None:
        self.network = network.eval()
        self.shape, self.classes, self.base_channels = shape, classes, base_channels

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Return the shape of a stored sample."""
        return self.shape

    def represent(self, values: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch channels height width"]:
        """Return samples in model values as the network reads them."""
        return values

    @property
    def dimension(self) -> int:
        """Return the number of features per picture."""
        return self.network.last.in_features

    @property
    def digest(self) -> str:
        """Return the sha256 of the weights as safetensors."""
        return hashlib.sha256(self.weights()).hexdigest()

    def weights(self) -> bytes:
        """Return the weights as the content of a safetensors file."""
        return save({name: tensor.contiguous() for name, tensor in self.network.state_dict().items()})

    def files(self) -> dict[str, bytes]:
        """Return all that `restore` needs, by file name; equal weights give equal bytes."""
        return {DESCRIPTION: seal(self.description()).encode(), WEIGHTS: self.weights()}

    def description(self) -> dict[str, Any]:
        """Return what `restore` needs beside the weights, as JSON values."""
        return {
            "format": self.file_format,
            "shape": list(self.shape),
            "classes": list(self.classes),
            "base_channels": self.base_channels,
            "dimension": self.dimension,
            "accuracies": dict(self.accuracies),
            "weights_sha256": self.digest,
        }

    def __call__(
        self, samples: Shaped[Tensor, "batch *shape"]
    ) -> tuple[Float[Tensor, "batch dimension"], Float[Tensor, "batch classes"]]:
        """Return features and class probabilities.

        Raises:
            MetricError: the samples have another shape than those of the training.
        """
        if tuple(samples.shape[1:]) != self.sample_shape:
            raise MetricError(
                "the classifier",
                expected=f"samples of shape {self.sample_shape}, as it was trained on",
                received=str(tuple(samples.shape[1:])),
                remedy="Train it on this data: kedro run --nodes build_extractor.",
            )
        features, logits = self.network(self.represent(ENCODINGS[self.field].encode(samples)))
        return features, logits.double().softmax(dim=1)


C = TypeVar("C", bound=Classifier)


def build(shape: tuple[int, int, int], classes: tuple[str, ...], base_channels: int, dimension: int) -> Classifier:
    """Return an untrained classifier."""
    return Classifier(Network(*shape, len(classes), base_channels, dimension), shape, classes, base_channels)


def restore(description: ClassifierDescription, content: bytes) -> Classifier:
    """Build the classifier from its description and the content of its weights file.

    Raises:
        WrongTensors: the weights do not fit the description.
    """
    sizes = description.shape, description.classes, description.base_channels, description.dimension
    return load_weights(lambda: build(*sizes), description, content)


def load_weights(construct: Callable[[], C], description: ClassifierDescription, content: bytes) -> C:
    """Construct a classifier, and give it the weights and the accuracies that were saved.

    Raises:
        WrongTensors: the weights do not fit the description.
    """
    file = parse_tensors(content)
    if file.sha256 != description.weights_sha256:
        raise WrongTensors(f"weights of sha256 {file.sha256}, expected {description.weights_sha256}")
    try:
        with torch.device("meta"):
            expected = construct().network.state_dict()
    except (RuntimeError, OverflowError) as error:
        raise WrongTensors(f"sizes of no network: {error}") from None
    require_like(file.tensors, expected)
    classifier = construct()
    classifier.network.load_state_dict(file.tensors)
    classifier.accuracies = dict(description.accuracies)
    return classifier


def make_damage_error(expected: str, received: str) -> MetricError:
    """Return the error for a saved extractor that cannot be used."""
    remedy = "Build it again: kedro run --nodes build_extractor."
    return MetricError("the feature extractor", expected=expected, received=received, remedy=remedy)
