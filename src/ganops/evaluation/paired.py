"""Metrics of samples that have a target each, such as completed pictures beside their originals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from ganops.config import LPIPS_METRIC, PICTURE_METRICS, FieldName
from ganops.data.encodings import ENCODINGS_BY_NAME
from ganops.data.store import Store
from ganops.games.game import Baseline, Batch, Domains, Game, PairedMetric
from ganops.games.request import GenerationRequest
from ganops.noise import Noise, permutation
from ganops.sampling import Samples

if TYPE_CHECKING:
    from ganops.extractors.lpips import Lpips
else:
    Lpips = object

# Labels are drawn with the request, also where a game reads them.
_DRAWN = "label"
_NOISE_SEED, _STREAM = 0, "evaluation"


# These two import what they need when they are computed: a served model reads its conditions by this module, and its
# environment has no packages for metrics.
def _measure_ssim(samples: Tensor, targets: Tensor, conditions: Batch) -> float:
    from ganops.metrics.ssim import mean_ssim

    return mean_ssim(samples.numpy(), targets.numpy())


def _measure_perceptual(samples: Tensor, targets: Tensor, conditions: Batch) -> float:
    from ganops.extractors.perceptual import perceptual_distance

    return float(perceptual_distance(samples, targets).mean())


TARGET_METRICS: dict[FieldName, Mapping[str, PairedMetric]] = {
    "image": dict(zip(PICTURE_METRICS, (_measure_ssim, _measure_perceptual), strict=True)),
    "point": {},
    "wave": {},
    "tokens": {},
}
"""Field → metrics of samples that have a target, whatever the game."""


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
        complete: adds what is drawn where it is missing, such as masks.
        description: how that is drawn, or between which classes an unpaired translation is.
        fields: condition → the field of the store that it is read from.
        domains: the classes of conditions and samples, where these are not paired: `metrics` has none then.
        lpips_weights: sha256 of the weights of LPIPS, where it is among the metrics.
        diversity: name → metric of two samples of the same conditions; empty where these determine the sample.
    """

    conditions: tuple[str, ...]
    target: str
    metrics: Mapping[str, PairedMetric]
    baselines: Mapping[str, Baseline]
    complete: Callable[[Batch, Noise], dict[str, Tensor]]
    description: str
    fields: Mapping[str, str] = field(default_factory=dict)
    domains: Domains | None = None
    lpips_weights: str | None = None
    diversity: Mapping[str, PairedMetric] = field(default_factory=dict)

    @classmethod
    def of(cls, game: Game) -> "Pairing | None":
        """Return the pairing of a game; None where a request alone determines its samples."""
        conditions = tuple(field for field in game.conditions if field != _DRAWN)
        if not conditions:
            return None
        of_targets = {} if game.domains else TARGET_METRICS[game.generates]
        return cls(
            conditions=conditions,
            target=game.generates,
            metrics={**game.paired_metrics, **of_targets},
            baselines=game.baselines,
            complete=game.complete_conditions,
            description=game.describe_conditions(),
            fields={read.name: read.field for read in game.reads()},
            domains=game.domains,
            diversity=game.diversity_metrics,
        )

    def with_lpips(self, lpips: Lpips) -> "Pairing":
        """Return the same with LPIPS, where samples have targets."""
        if not self.metrics:
            return self

        def measure(samples: Tensor, targets: Tensor, conditions: Batch) -> float:
            return float(lpips(samples, targets).mean())

        return replace(self, metrics={**self.metrics, LPIPS_METRIC: measure}, lpips_weights=lpips.digest)

    def read_conditions(self, store: Store, rows: Int64[np.ndarray, " n"]) -> dict[str, Tensor]:
        """Return field → model values of the rows, and what is drawn for them: the same for every generator."""
        values = {name: _read(store, self.fields.get(name, name), rows) for name in self.conditions}
        return self.complete(values, Noise(_NOISE_SEED, 0, len(rows)).substream(_STREAM))

    def measure(self, samples: Tensor, targets: Tensor, conditions: Batch) -> dict[str, float]:
        """Return name → value of every metric."""
        return {name: float(metric(samples, targets, conditions)) for name, metric in self.metrics.items()}


def choose_held_out(store: Store, n: int, label: int | None = None) -> Int64[np.ndarray, " n"]:
    """Return n rows of held_out, of one class where it is given, ascending, the same ones each time."""
    indices = store.indices("held_out", label)
    return np.sort(indices[permutation(0, "evaluation/held_out", 0, len(indices))[:n]])


def _read(store: Store, name: str, rows: Int64[np.ndarray, " n"]) -> Tensor:
    return ENCODINGS_BY_NAME[store.fields[name].encoding].encode(torch.from_numpy(store.read(name, rows)))
