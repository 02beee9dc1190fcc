"""Metrics of samples that have a target each, such as completed pictures beside their originals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from ganops.config import FieldName
from ganops.data.encodings import ENCODINGS
from ganops.data.store import Store
from ganops.games.request import GenerationRequest
from ganops.sampling import Samples


@runtime_checkable
class CanGenerateFrom(Protocol):
    """A generator whose samples depend on rows of the data: sample i is generated from row i of the conditions."""

    def generate(self, request: GenerationRequest, conditions: Mapping[str, Tensor]) -> Samples:
        """Return the samples of a request; conditions: field → model values (n, …)."""
        ...


@dataclass(frozen=True)
class PairedMetric:
    """A metric of samples and their targets; it uses no feature extractor.

    Attributes:
        name: in the report.
        measure: (samples, targets, request) → value; samples and targets (n, …) are stored values. From the request a
            metric can draw again what its samples were drawn with, such as masks.
    """

    name: str
    measure: Callable[[Tensor, Tensor, GenerationRequest], float]


@dataclass(frozen=True)
class Pairing:
    """What a game declares so that its samples can be evaluated beside their targets.

    Attributes:
        conditions: fields of the store that condition a sample.
        target: field of the target.
        metrics: of samples and targets. A baseline is a metric of its own, whose `measure` ignores the samples.
    """

    conditions: tuple[FieldName, ...]
    target: FieldName
    metrics: tuple[PairedMetric, ...]

    def read_conditions(self, store: Store, rows: Int64[np.ndarray, " n"]) -> dict[str, Tensor]:
        """Return field → model values of the rows."""
        return {field: ENCODINGS[field].encode(torch.from_numpy(store.read(field, rows))) for field in self.conditions}

    def measure(self, samples: Tensor, targets: Tensor, request: GenerationRequest) -> dict[str, float]:
        """Return every metric by its name."""
        return {metric.name: float(metric.measure(samples, targets, request)) for metric in self.metrics}
