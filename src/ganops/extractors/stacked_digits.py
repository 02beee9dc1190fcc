"""A feature extractor for Stacked MNIST, whose pictures hold three digits: 1,000 classes by a classifier of ten.

The classifier takes one channel at a time, as a grey picture, so that it learns digits and not their combinations. The
features of a picture are those of its three channels, concatenated; the probability of a class is the product of the
probabilities of its digits (Lin et al. 2018, "PacGAN", section 4.2, counts modes in this way).
"""

import hashlib
from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ganops.config import SplitName
from ganops.data.progress import Progress, no_progress
from ganops.data.sources.stacked_mnist import CHANNELS, CLASSES, DIGITS
from ganops.data.store import FieldFormat, Store
from ganops.errors import MetricError
from ganops.evaluation_config import ClassifierParameters
from ganops.extractors import classifier
from ganops.extractors.base import ExtractorDefaults
from ganops.extractors.classifier import DESCRIPTION, WEIGHTS, Classifier, ClassifierDescription
from ganops.extractors.train_classifier import fit_classifier, measure_accuracies
from ganops.sealed_json import Share, StrictModel, seal
from ganops.tensors import WrongTensors

FORMAT = "ganops-stacked-digits-3"


class StackedDigitsDescription(StrictModel):
    """The schema of extractor.json of stacked digits."""

    format: Literal["ganops-stacked-digits-3"]
    accuracies: dict[str, Share]
    digits: ClassifierDescription


class StackedDigits(ExtractorDefaults):
    """A classifier of digits as a feature extractor of pictures (3, H, W).

    Attributes:
        digits: the classifier of single channels.
        accuracies: split → share of its pictures whose three digits are all classified correctly.
    """

    name = "stacked_digits"
    classes = CLASSES
    resize = classifier.Classifier.resize
    chunk = classifier.Classifier.chunk

    def __init__(self, digits: Classifier, accuracies: Mapping[str, float]) -> None:
        self.digits, self.accuracies = digits, accuracies

    @property
    def dimension(self) -> int:
        """Return the number of features per picture."""
        return CHANNELS * self.digits.dimension

    @property
    def digest(self) -> str:
        """Return the sha256 of name and weights: a classifier of grey digits may have the same weights."""
        return hashlib.sha256(FORMAT.encode() + self.digits.weights()).hexdigest()

    def files(self) -> dict[str, bytes]:
        """Return all that `restore` needs, by file name; equal weights give equal bytes."""
        values = {"format": FORMAT, "accuracies": dict(self.accuracies), "digits": self.digits.description()}
        return {DESCRIPTION: seal(values).encode(), WEIGHTS: self.digits.weights()}

    def __call__(
        self, images: UInt8[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch dimension"], Float[Tensor, "batch classes"]]:
        """Return features and class probabilities; MetricError for pictures of another shape."""
        features, probabilities = self.digits(images.flatten(0, 1).unsqueeze(1))
        first, second, third = probabilities.unflatten(0, (-1, CHANNELS)).unbind(dim=1)
        joint = torch.einsum("bi,bj,bk->bijk", first, second, third)
        return features.unflatten(0, (-1, CHANNELS)).flatten(1), joint.flatten(1)


def restore(description: StackedDigitsDescription, content: bytes) -> StackedDigits:
    """Build the extractor from its description and the content of its weights file; WrongTensors where they differ."""
    digits = description.digits
    if (digits.shape[0], digits.classes) != (1, DIGITS):
        raise WrongTensors(f"a classifier of {digits.shape[0]} channels and {len(digits.classes)} classes")
    return StackedDigits(classifier.restore(digits, content), description.accuracies)


def train_stacked_digits(
    store: Store, parameters: ClassifierParameters, threads: int, progress: Progress = no_progress
) -> StackedDigits:
    """Train on the channels of the training pictures.

    Args:
        store: with the classes "000" to "999", see `check_stacked_digits`.
        parameters: they count digits, not pictures.
        threads: CPU threads; another number gives other weights.
        progress: wraps the training steps.
    """
    extractor = StackedDigits(fit_classifier(ChannelsAsDigits(store), parameters, threads, progress), {})
    extractor.accuracies = measure_accuracies(extractor, store, threads)
    return extractor


def check_stacked_digits(store: Store) -> None:
    """Raise MetricError where the pictures are no stacks of three digits."""
    channels = store.fields["image"].shape[0]
    if channels != CHANNELS or store.classes != CLASSES:
        ends = f"{store.classes[0]!r} to {store.classes[-1]!r}" if store.classes else "none"
        raise MetricError(
            f"the classes of {store.path}",
            expected=f"pictures of {CHANNELS} channels, a digit each, of the {len(CLASSES)} classes '000' to '999'",
            received=f"{channels} channels, {len(store.classes)} classes: {ends}",
            remedy="evaluation.features=stacked_digits suits data_preparation.source=stacked_mnist only; for others "
            "set it to classifier or efficientnet_lite0.",
        )


class ChannelsAsDigits(Store):
    """The same data as grey digits: digit 3 i + c is channel c of picture i, its label the c-th figure of the class."""

    def __init__(self, stacked: Store) -> None:
        image = stacked.fields["image"]
        grey = FieldFormat(image.dtype, (1, *image.shape[1:]), image.encoding)
        super().__init__(stacked.path, {**stacked.fields, "image": grey}, DIGITS, stacked.manifest)
        self._stacked = stacked

    def indices(self, split: SplitName) -> np.ndarray:
        """Return the indices of the digits of the split, int64, ascending."""
        return (self._stacked.indices(split)[:, np.newaxis] * CHANNELS + np.arange(CHANNELS)).ravel()

    def read(self, field: str, indices: np.ndarray) -> np.ndarray:
        """Return the stored values of the digits at `indices`: image (n, 1, H, W), label (n,)."""
        # A picture is read once, with all its channels.
        pictures, place = np.unique(indices // CHANNELS, return_inverse=True)
        values, channels = self._stacked.read(field, pictures), indices % CHANNELS
        if field == "label":
            return values[place] // len(DIGITS) ** (CHANNELS - 1 - channels) % len(DIGITS)
        return values[place, channels][:, np.newaxis]
