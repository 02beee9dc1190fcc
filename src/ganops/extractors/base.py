"""From samples to features, the first of three pure rungs: features, statistics, metric.

An extractor looks at samples as they are stored, of pictures uint8, and gives each a vector of features and, where it
knows classes, their probabilities. Every metric of this package is a function of these two arrays alone.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ganops.data.progress import Tick, no_tick
from ganops.errors import MetricError


@runtime_checkable
class FeatureExtractor(Protocol):
    """A network that sees.

    Attributes:
        name: ends the names of the metrics computed from its features, as in `fid_classifier`.
        dimension: features a picture.
        digest: sha256 of its weights: features of different weights are never compared.
        resize: how pictures are made to fit it, in words.
        classes: the data's own, where these are what it tells apart; empty where its classes are others.
        chunk: it always sees this many pictures at once, see `extract`.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def digest(self) -> str: ...

    @property
    def resize(self) -> str: ...

    @property
    def classes(self) -> tuple[str, ...]: ...

    @property
    def chunk(self) -> int: ...

    def __call__(
        self, samples: Shaped[Tensor, "batch *shape"], /
    ) -> tuple[Float[Tensor, "batch dimension"], Float[Tensor, "batch classes"] | None]:
        """Features, and class probabilities (rows sum to 1) or None."""
        ...


@dataclass(frozen=True)
class Features:
    """What an extractor saw in N pictures.

    Attributes:
        name: of the extractor.
        values: (N, D) float32, as computed; statistics are float64.
        probabilities: (N, K) float64, rows sum to 1; None where the extractor knows no classes.
    """

    name: str
    values: Float[np.ndarray, "n dimension"]
    probabilities: Float[np.ndarray, "n classes"] | None

    def __len__(self) -> int:
        """N."""
        return len(self.values)


def extract(extractor: FeatureExtractor, samples: Shaped[Tensor, "n *shape"], tick: Tick = no_tick) -> Features:
    """Features of all samples, computed `extractor.chunk` at a time.

    The last chunk is padded to full size: kernels round differently at different batch sizes, and so a picture's
    features depend neither on how many others there are nor on its place among them.

    Raises:
        MetricError: no pictures, or features that are not finite.
    """
    if len(samples) == 0:
        raise MetricError("features", expected="samples", received="none", remedy="Ask for at least one sample.")
    parts = [_extract_chunk(extractor, part, tick) for part in samples.split(extractor.chunk)]
    values = torch.cat([part[0] for part in parts]).to("cpu", torch.float32).numpy()
    return _finite(Features(extractor.name, values, _join_if_all([part[1] for part in parts])))


def _extract_chunk(extractor: FeatureExtractor, part: Tensor, tick: Tick) -> tuple[Tensor, Tensor | None]:
    padding = part.new_zeros((extractor.chunk - len(part), *part.shape[1:]))
    with torch.inference_mode():
        values, probabilities = extractor(torch.cat([part, padding]))
    tick(len(part))
    return values[: len(part)], None if probabilities is None else probabilities[: len(part)]


def _join_if_all(parts: list[Tensor | None]) -> np.ndarray | None:
    known = [part for part in parts if part is not None]
    return torch.cat(known).to("cpu", torch.float64).numpy() if len(known) == len(parts) else None


def _finite(features: Features) -> Features:
    if not np.isfinite(features.values).all():
        raise MetricError(
            f"features {features.name!r}",
            expected="finite values",
            received=f"{np.count_nonzero(~np.isfinite(features.values))} that are not",
            remedy="The extractor's weights are damaged: make the judge again: kedro run --nodes build_extractor.",
        )
    return features
