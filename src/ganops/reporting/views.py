"""Which drawings belong to which field: the only place where reporting asks what samples are."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from jaxtyping import Shaped
from PIL import Image
from torch import Tensor

from ganops.config import FieldName
from ganops.data.store import Store
from ganops.extractors.base import FeatureExtractor
from ganops.reporting import scatter
from ganops.reporting.animation import interpolation_frames
from ganops.reporting.grid import readable_grid
from ganops.reporting.neighbours import nearest_neighbours
from ganops.reporting.real import real_beside_generated
from ganops.reporting.samples import SamplerLike, interpolation, sample_grid, truncation_strip


@dataclass(frozen=True)
class Drawings:
    """Of one field: how samples of fixed latents are drawn while it trains, and what is drawn of a generator."""

    fixed: Callable[[Tensor, int], Image.Image]
    samples: Callable[[SamplerLike], Image.Image]
    interpolation: Callable[[SamplerLike], Image.Image]
    film: Callable[[SamplerLike], list[Image.Image]]
    truncations: Callable[[SamplerLike], Image.Image]
    real: Callable[[SamplerLike, Store], Image.Image]
    neighbours: Callable[[SamplerLike, Store, FeatureExtractor, int], tuple[Image.Image, pd.DataFrame]]


DRAWINGS: dict[FieldName, Drawings] = {
    "image": Drawings(
        fixed=readable_grid,
        samples=sample_grid,
        interpolation=interpolation,
        film=interpolation_frames,
        truncations=truncation_strip,
        real=real_beside_generated,
        neighbours=nearest_neighbours,
    ),
    "point": Drawings(
        fixed=scatter.fixed_cloud,
        samples=scatter.sample_cloud,
        interpolation=scatter.interpolation_paths,
        film=scatter.path_frames,
        truncations=scatter.truncation_clouds,
        real=scatter.real_beneath_generated,
        neighbours=scatter.nearest_points,
    ),
}


def draw_fixed(samples: Shaped[Tensor, "n *shape"], columns: int) -> Image.Image:
    """Samples of a field that only they themselves tell: pictures have four axes, points two."""
    return DRAWINGS["image" if samples.ndim == 4 else "point"].fixed(samples, columns)
