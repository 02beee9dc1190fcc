"""Map samples to features, the first of three pure steps: features, statistics, metric.

An extractor takes samples as the store holds them (pictures: uint8). It returns a feature vector for each and, where it
is a classifier, class probabilities. Every metric of this package is a function of these two arrays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ganops.config import FieldName
from ganops.data.progress import Tick, no_tick
from ganops.errors import MetricError


@runtime_checkable
class FeatureExtractor(Protocol):
    """A network, or a formula, that maps samples of one field to features."""

    @property
    def name(self) -> str:
        """Return the value of `evaluation.features` that selects it."""
        ...

    @property
    def field(self) -> FieldName:
        """Return the field of the store that it reads."""
        ...

    @property
    def dimension(self) -> int:
        """Return the number of features per sample."""
        ...

    @property
    def digest(self) -> str:
        """Return the sha256 of its weights: features of different weights are never compared."""
        ...

    @property
    def resize(self) -> str:
        """Return how it resizes pictures, in words."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the classes of the data, where its probabilities are of these; else none."""
        ...

    @property
    def accuracies(self) -> Mapping[str, float]:
        """Return split → share of it that is classified correctly; empty where it was not trained on the data."""
        ...

    @property
    def chunk(self) -> int:
        """Return the number of samples per batch, see `extract`."""
        ...

    def __call__(
        self, samples: Shaped[Tensor, "batch *shape"], /
    ) -> tuple[Float[Tensor, "batch dimension"], Float[Tensor, "batch classes"] | None]:
        """Return the features, and the class probabilities (rows sum to 1) or None."""
        ...

    def quality(self, features: Float[np.ndarray, "n dimension"], /) -> Mapping[str, float]:
        """Return the metrics that this extractor alone defines; they replace those of the same name."""
        ...


class ExtractorDefaults:
    """The attributes of an extractor of pictures that was not trained on the data and defines no metric of its own."""

    field: FieldName = "image"
    classes: tuple[str, ...] = ()
    accuracies: Mapping[str, float] = MappingProxyType({})

    def quality(self, features: Float[np.ndarray, "n dimension"], /) -> Mapping[str, float]:
        """Return no metric."""
        return {}


@dataclass(frozen=True)
class Features:
    """The output of an extractor for N samples.

    Attributes:
        name: of the extractor.
        values: (N, D) float32, as computed; statistics are float64.
        probabilities: (N, K) float64, rows sum to 1; None where the extractor is no classifier.
    """

    name: str
    values: Float[np.ndarray, "n dimension"]
    probabilities: Float[np.ndarray, "n classes"] | None

    def __len__(self) -> int:
        """Return N."""
        return len(self.values)


def extract(extractor: FeatureExtractor, samples: Shaped[Tensor, "n *shape"], tick: Tick = no_tick) -> Features:
    """Compute the features of all samples, `extractor.chunk` at a time.

    The last chunk is padded to full size, because kernels round differently at different batch sizes. So the features
    of a sample depend neither on the number of samples nor on its position.

    Raises:
        MetricError: there are no samples, or a feature is not finite.
    """
    if len(samples) == 0:
        raise MetricError("features", expected="samples", received="none", remedy="Ask for at least one sample.")
    parts = [_extract_chunk(extractor, part, tick) for part in samples.split(extractor.chunk)]
    values = torch.cat([part[0] for part in parts]).to("cpu", torch.float32).numpy()
    return _check_finite(Features(extractor.name, values, _join_if_all([part[1] for part in parts])))


def _extract_chunk(extractor: FeatureExtractor, part: Tensor, tick: Tick) -> tuple[Tensor, Tensor | None]:
    padding = part.new_zeros((extractor.chunk - len(part), *part.shape[1:]))
    with torch.inference_mode():
        values, probabilities = extractor(torch.cat([part, padding]))
    tick(len(part))
    return values[: len(part)], None if probabilities is None else probabilities[: len(part)]


def _join_if_all(parts: list[Tensor | None]) -> np.ndarray | None:
    known = [part for part in parts if part is not None]
    return torch.cat(known).to("cpu", torch.float64).numpy() if len(known) == len(parts) else None


def _check_finite(features: Features) -> Features:
    if not np.isfinite(features.values).all():
        raise MetricError(
            f"features {features.name!r}",
            expected="finite values",
            received=f"{np.count_nonzero(~np.isfinite(features.values))} that are not",
            remedy="The weights are damaged. Build the feature extractor again: kedro run --nodes build_extractor.",
        )
    return features
