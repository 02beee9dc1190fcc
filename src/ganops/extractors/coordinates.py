"""Coordinates of points as their features; labelled points have modes.

The mode of a class is an isotropic Gaussian with the mean and the standard deviation of its training points. A sample
belongs to the nearest mode, and has high quality within three standard deviations of it (Srivastava et al. 2017,
"VEEGAN", section 4.1). A mode is found if at least one sample of high quality belongs to it. In two dimensions
1 − e^(−9/2) = 98.9 % of the data themselves have high quality.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64
from pydantic import Field, model_validator
from scipy.spatial.distance import cdist
from torch import Tensor

from ganops.config import FieldName
from ganops.data.store import Store
from ganops.sealed_json import StrictModel, seal

FORMAT = "ganops-coordinates-3"
DESCRIPTION = "extractor.json"
_WITHIN_DEVIATIONS = 3.0


class CoordinatesDescription(StrictModel):
    """The schema of extractor.json of coordinates."""

    format: Literal["ganops-coordinates-3"]
    dimension: int = Field(ge=1)
    classes: tuple[str, ...]
    centres: tuple[tuple[float, ...], ...]
    deviations: tuple[Annotated[float, Field(ge=0)], ...]

    @model_validator(mode="after")
    def _check_lengths(self) -> "CoordinatesDescription":
        if not len(self.classes) == len(self.centres) == len(self.deviations):
            raise ValueError("a centre and a deviation of each class")
        if any(len(centre) != self.dimension for centre in self.centres):
            raise ValueError(f"centres of {self.dimension} coordinates")
        return self


@dataclass(frozen=True, eq=False)
class Coordinates:
    """The points as their own features, and the modes of labelled data.

    Attributes:
        dimension: of the points.
        classes: names of the modes; empty for unlabelled data.
        centres: mean of each mode.
        deviations: standard deviation of each mode, the same in every direction.
    """

    dimension: int
    classes: tuple[str, ...]
    centres: Float64[np.ndarray, "modes dimension"]
    deviations: Float64[np.ndarray, " modes"]

    name = "coordinates"
    resize = "none"
    chunk = 1024

    @property
    def field(self) -> FieldName:
        """Return the field of points."""
        return "point"

    @property
    def accuracies(self) -> dict[str, float]:
        """Return none: the modes are no trained classifier."""
        return {}

    @property
    def digest(self) -> str:
        """Return the sha256 of the modes."""
        return hashlib.sha256(json.dumps(self._description(), sort_keys=True).encode()).hexdigest()

    def files(self) -> dict[str, bytes]:
        """Return all that `restore` needs, by file name."""
        return {DESCRIPTION: seal(self._description()).encode()}

    def _description(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "dimension": self.dimension,
            "classes": list(self.classes),
            "centres": self.centres.tolist(),
            "deviations": self.deviations.tolist(),
        }

    def __call__(
        self, points: Float32[Tensor, "batch dimension"]
    ) -> tuple[Float32[Tensor, "batch dimension"], Float64[Tensor, "batch modes"] | None]:
        """Return the points, and for each a probability of 1 for the nearest mode, 0 for the others."""
        if not self.classes:
            return points, None
        nearest = torch.from_numpy(self._distances(points.numpy()).argmin(axis=1))
        return points, torch.nn.functional.one_hot(nearest, len(self.classes)).double()

    def quality(self, points: Float[np.ndarray, "n dimension"], /) -> dict[str, float]:
        """Return the number of `modes` found and the share of samples of `high_quality`; nothing without modes."""
        if not self.classes:
            return {}
        distances = self._distances(points)
        nearest = distances.argmin(axis=1)
        good = distances[np.arange(len(points)), nearest] <= _WITHIN_DEVIATIONS * self.deviations[nearest]
        return {"modes": float(len(np.unique(nearest[good]))), "high_quality": float(good.mean())}

    def _distances(self, points: np.ndarray) -> np.ndarray:
        return cdist(points.astype(np.float64), self.centres)


def fit_coordinates(store: Store) -> Coordinates:
    """Fit a mode to the training points of each class. The preparation has checked that every class has some.

    The deviation is √(Σ ‖x − μ‖² / (n D)), the maximum-likelihood estimate for an isotropic Gaussian.
    """
    (dimension,) = store.fields["point"].shape
    points = store.read("point", store.indices("train")).astype(np.float64)
    labels = store.manifest["label"].to_numpy()[store.indices("train")]
    members = [points[labels == label] for label in range(len(store.classes))]
    centres = np.array([own.mean(axis=0) for own in members]).reshape(-1, dimension)
    variances = [np.square(own - centre).mean() for own, centre in zip(members, centres, strict=True)]
    return Coordinates(dimension, store.classes, centres, np.sqrt(np.array(variances)))


def restore(description: CoordinatesDescription) -> Coordinates:
    """Build the coordinates from their description."""
    dimension, classes = description.dimension, description.classes
    centres = np.array(description.centres, dtype=np.float64).reshape(len(classes), dimension)
    return Coordinates(dimension, classes, centres, np.array(description.deviations, dtype=np.float64))
