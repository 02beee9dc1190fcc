"""Field → the metrics of stored samples themselves, without a network."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Shaped

from ganops.config import FieldName
from ganops.evaluation.pixels import describe_pictures, measure_pictures, merge_statistics
from ganops.evaluation.texts import describe_lines, measure_lines, merge_lines


@runtime_checkable
class Statistics(Protocol):
    """Statistics of a set of samples."""

    def compare(self, reference: Any, /) -> dict[str, float]:
        """Return the metrics of this set against another, such as the training samples."""
        ...


@dataclass(frozen=True)
class SampleMeasure:
    """A row of MEASURES.

    Attributes:
        measure: samples as stored → statistics.
        merge: statistics of disjoint sets → those of their union.
        describe: shape of a sample → keys of the protocol, in words.
    """

    measure: Callable[[Shaped[np.ndarray, "n *shape"]], Statistics | None]
    merge: Callable[[Iterable[Any]], Statistics | None]
    describe: Callable[[tuple[int, ...]], dict[str, str]]


MEASURES: dict[FieldName, SampleMeasure] = {
    "image": SampleMeasure(measure_pictures, merge_statistics, describe_pictures),
    "point": SampleMeasure(lambda points: None, merge_statistics, lambda shape: {}),
    "wave": SampleMeasure(lambda waves: None, merge_statistics, lambda shape: {}),
    "tokens": SampleMeasure(measure_lines, merge_lines, describe_lines),
}
