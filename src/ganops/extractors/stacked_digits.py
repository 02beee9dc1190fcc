"""A judge of pictures whose channels are three digits, as of Stacked MNIST: 1,000 classes by a classifier of ten.

The classifier sees one channel at a time, as a grey picture, so that it learns digits and not their combinations. Of a
picture the features are those of its three channels, one after the other, and the probability of a class is the
product of those of its digits (Lin et al. 2018, "PacGAN", section 4.2, counts modes so).
"""

import hashlib
from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ganops.config import ClassifierParameters, SplitName
from ganops.data.progress import Progress, no_progress
from ganops.data.sources.stacked_mnist import CHANNELS, CLASSES, DIGITS
from ganops.data.store import FieldFormat, Store
from ganops.extractors import classifier
from ganops.extractors.classifier import DESCRIPTION, WEIGHTS, Classifier, ClassifierDescription
from ganops.extractors.train_classifier import accuracies_of, fit_classifier
from ganops.sealed_json import Share, StrictModel, seal
from ganops.tensors import WrongTensors

FORMAT = "ganops-stacked-digits-3"


class StackedDigitsDescription(StrictModel):
    """The schema of extractor.json of stacked digits; `restore` takes it beside the weights."""

    format: Literal["ganops-stacked-digits-3"]
    accuracies: dict[str, Share]
    digits: ClassifierDescription


class StackedDigits:
    """A classifier of digits as a feature extractor of pictures (3, H, W).

    Attributes:
        digits: the classifier of single channels.
        accuracies: split → share of its pictures of which all three digits are named rightly.
    """

    name = "stacked_digits"
    classes = CLASSES
    resize = classifier.Classifier.resize
    chunk = classifier.Classifier.chunk

    def __init__(self, digits: Classifier, accuracies: Mapping[str, float]) -> None:
        self.digits, self.accuracies = digits, dict(accuracies)

    @property
    def dimension(self) -> int:
        """Features a picture."""
        return CHANNELS * self.digits.dimension

    @property
    def digest(self) -> str:
        """sha256 of the weights with this judge's name: a classifier of grey digits may have the same weights."""
        return hashlib.sha256(FORMAT.encode() + self.digits.weights()).hexdigest()

    def files(self) -> dict[str, bytes]:
        """All that `judge.restore` needs, by file name: the same bytes for the same weights."""
        values = {"format": FORMAT, "accuracies": self.accuracies, "digits": self.digits.description()}
        return {DESCRIPTION: seal(values).encode(), WEIGHTS: self.digits.weights()}

    def __call__(
        self, images: UInt8[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch dimension"], Float[Tensor, "batch classes"]]:
        """Features and class probabilities; MetricError for pictures of another shape."""
        features, probabilities = self.digits(images.flatten(0, 1).unsqueeze(1))
        first, second, third = probabilities.unflatten(0, (-1, CHANNELS)).unbind(dim=1)
        joint = torch.einsum("bi,bj,bk->bijk", first, second, third)
        return features.unflatten(0, (-1, CHANNELS)).flatten(1), joint.flatten(1)


def restore(description: StackedDigitsDescription, content: bytes) -> StackedDigits:
    """Build the judge from its description and the content of its weights' file; WrongTensors where they do not fit."""
    digits = description.digits
    if (digits.shape[0], digits.classes) != (1, DIGITS):
        raise WrongTensors(f"a classifier of {digits.shape[0]} channels and {len(digits.classes)} classes")
    return StackedDigits(classifier.restore(digits, content), description.accuracies)


def train_stacked_digits(
    store: Store, parameters: ClassifierParameters, threads: int, progress: Progress = no_progress
) -> StackedDigits:
    """Trained on the channels of the training pictures; `parameters` count digits, not pictures.

    Args:
        store: of the classes "000" to "999", see `check_evaluable`.
        progress: wraps the steps, told how many there are; shows them go by.
    """
    judge = StackedDigits(fit_classifier(ChannelsAsDigits(store), parameters, threads, progress), {})
    judge.accuracies = accuracies_of(judge, store, threads)
    return judge


class ChannelsAsDigits(Store):
    """The same data as grey digits: digit 3 i + c is channel c of picture i, its label the c-th figure of the class."""

    def __init__(self, stacked: Store) -> None:
        image = stacked.fields["image"]
        grey = FieldFormat(image.dtype, (1, *image.shape[1:]), image.encoding)
        super().__init__(stacked.path, {**stacked.fields, "image": grey}, DIGITS, stacked.manifest)
        self._stacked = stacked

    def indices(self, split: SplitName) -> np.ndarray:
        """Numbers of the split's digits, int64, ascending."""
        return (self._stacked.indices(split)[:, np.newaxis] * CHANNELS + np.arange(CHANNELS)).ravel()

    def read(self, field: str, indices: np.ndarray) -> np.ndarray:
        """Stored values of the digits at `indices`: image (n, 1, H, W), label (n,)."""
        # Of a picture all channels are read at once, and once.
        pictures, place = np.unique(indices // CHANNELS, return_inverse=True)
        values, channels = self._stacked.read(field, pictures), indices % CHANNELS
        if field == "label":
            return values[place] // len(DIGITS) ** (CHANNELS - 1 - channels) % len(DIGITS)
        return values[place, channels][:, np.newaxis]
