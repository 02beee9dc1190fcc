"""Metrics of samples that have a target each, such as completed pictures beside their originals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from ganops.data.encodings import ENCODINGS_BY_NAME
from ganops.data.store import Store
from ganops.games.game import Baseline, Game, PairedMetric
from ganops.games.request import GenerationRequest
from ganops.sampling import Samples

# Labels are drawn with the request, also where a game reads them.
_DRAWN = "label"


@runtime_checkable
class CanGenerateFrom(Protocol):
    """A generator whose samples depend on rows of the data: row i of the conditions gives sample i."""

    def generate(self, request: GenerationRequest, conditions: Mapping[str, Tensor]) -> Samples:
        """Return the samples of a request; conditions: field → model values (n, …)."""
        ...


@dataclass(frozen=True)
class Pairing:
    """What the samples of a game depend on, and what they are compared with.

    Attributes:
        conditions: fields of the store, without the label.
        target: field of the target.
        metrics: name → metric of samples and targets.
        baselines: name → stored samples for conditions, measured beside the generator's.
    """

    conditions: tuple[str, ...]
    target: str
    metrics: Mapping[str, PairedMetric]
    baselines: Mapping[str, Baseline]

    @classmethod
    def of(cls, game: Game) -> "Pairing | None":
        """Return the pairing of a game; None where a request alone determines its samples."""
        conditions = tuple(field for field in game.conditions if field != _DRAWN)
        return cls(conditions, game.generates, game.paired_metrics, game.baselines) if conditions else None

    def read_conditions(self, store: Store, rows: Int64[np.ndarray, " n"]) -> dict[str, Tensor]:
        """Return field → model values of the rows."""
        return {
            field: ENCODINGS_BY_NAME[store.fields[field].encoding].encode(torch.from_numpy(store.read(field, rows)))
            for field in self.conditions
        }

    def measure(self, samples: Tensor, targets: Tensor, request: GenerationRequest) -> dict[str, float]:
        """Return name → value of every metric."""
        return {name: float(metric(samples, targets, request)) for name, metric in self.metrics.items()}
