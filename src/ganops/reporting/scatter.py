"""What a generator of points makes, for people: what for pictures are sheets, grids and films, as clouds and paths.

Every panel shows the same square, 1.25 model units each way of the middle, so that any two can be compared; a line
below says how many points lie outside. Of points in more than two dimensions the first two are shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float32
from PIL import Image
from torch import Tensor

from ganops.data.encodings import POINT_SCALE
from ganops.data.store import Store
from ganops.extractors.base import FeatureExtractor
from ganops.hardware import thread_count
from ganops.reporting.animation import FRAMES
from ganops.reporting.figure import blank, rendered
from ganops.reporting.neighbours import SPLIT, nearest, neighbour_table, shown_samples
from ganops.reporting.samples import SEED, TRUNCATIONS, SamplerLike, shown_rows
from ganops.sampling import GenerationRequest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_REACH = 1.25 * POINT_SCALE
_COUNT, _STEPS = 2_500, 101
_PANEL_INCHES = 5.0
_REAL, _GENERATED, _PATH = "#b5b5b5", "#3b6ea5", "#d9823b"


@dataclass(frozen=True)
class Layer:
    """Points of one colour, or, in their order, a path through them."""

    points: Float32[Tensor, "n dimension"]
    colour: str = _GENERATED
    label: str = ""
    is_path: bool = False


def draw_scatter(panels: Sequence[Sequence[Layer]], titles: Sequence[str] = ()) -> Image.Image:
    """Panels side by side, each of layers, the last on top; RGB."""
    figure = blank(_PANEL_INCHES * len(panels), _PANEL_INCHES + 0.3)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for place, layers in enumerate(panels):
        for layer in layers:
            _draw(axes[place], layer)
        _dress(axes[place], layers, titles[place] if titles else "")
    return rendered(figure)


def fixed_cloud(samples: Float32[Tensor, "n dimension"], columns: int) -> Image.Image:
    """The points of one moment of a training; they need no columns."""
    return draw_scatter([[Layer(samples)]])


def sample_cloud(generator: SamplerLike) -> Image.Image:
    """2,500 samples, of classes as frequent as in training."""
    return draw_scatter([[Layer(_drawn(generator))]])


def real_beneath_generated(generator: SamplerLike, store: Store) -> Image.Image:
    """As many training points as samples, and the samples upon them."""
    indices = store.indices(SPLIT)
    chosen = indices[np.linspace(0, len(indices) - 1, min(_COUNT, len(indices))).round().astype(int)]
    real = torch.from_numpy(store.read(store.sample_field, chosen))
    return draw_scatter([[Layer(real, _REAL, f"real ({SPLIT})"), Layer(_drawn(generator), label="generated")]])


def truncation_clouds(generator: SamplerLike) -> Image.Image:
    """The same latents at a fifth of their scale to the whole."""
    clouds = [[Layer(_drawn(generator, truncation=scale))] for scale in TRUNCATIONS]
    return draw_scatter(clouds, [f"latents × {scale:.1f}" for scale in TRUNCATIONS])


def interpolation_paths(generator: SamplerLike) -> Image.Image:
    """The ways from one latent to another upon a cloud of samples: one a class, without classes eight."""
    return draw_scatter([[Layer(_drawn(generator), _REAL), *_paths(_ways(generator, _STEPS, eased=False))]])


def path_frames(generator: SamplerLike) -> list[Image.Image]:
    """There and back along the same ways, slower at the ends: 48 frames."""
    cloud, ways = Layer(_drawn(generator), _REAL), _ways(generator, FRAMES // 2 + 1, eased=True)
    at = [Layer(torch.stack([way[step] for way in ways])) for step in range(FRAMES // 2 + 1)]
    there = [draw_scatter([[cloud, *_paths(ways), moment]]) for moment in at]
    return [*there, *there[-2:0:-1]]


def nearest_points(
    generator: SamplerLike, store: Store, extractor: FeatureExtractor, threads: int
) -> tuple[Image.Image, pd.DataFrame]:
    """Eight samples tied to their five nearest training points, and the table of `neighbours.nearest_neighbours`."""
    samples = shown_samples(generator)
    with thread_count(threads):
        found = nearest(samples, store, extractor.name, lambda points: points.double().numpy())
    near = [torch.from_numpy(store.read(store.sample_field, indices)) for indices in found.indices]
    pairs = [torch.stack([own, one]) for own, its in zip(samples, near, strict=True) for one in its]
    points = [Layer(torch.cat(near), _REAL, f"nearest of {SPLIT}"), Layer(samples, label="generated")]
    return draw_scatter([[*_paths(pairs), *points]]), neighbour_table(found, store)


def _drawn(generator: SamplerLike, truncation: float = 1.0) -> Tensor:
    return generator.generate(GenerationRequest(n=_COUNT, seed=SEED, truncation=truncation)).values


def _ways(generator: SamplerLike, steps: int, eased: bool) -> list[Tensor]:
    labels = shown_rows(generator).labels
    seeds = [SEED + 2 * row for row in range(len(labels))]
    return [generator.interpolate(s, s + 1, steps, label, eased) for s, label in zip(seeds, labels, strict=True)]


def _paths(ways: Sequence[Tensor]) -> list[Layer]:
    return [Layer(way, _PATH, is_path=True) for way in ways]


def _flat(layer: Layer) -> np.ndarray:
    points = layer.points.numpy()[:, :2]
    return np.hstack([points, np.zeros((len(points), 2 - points.shape[1]), points.dtype)])


def _draw(axes: "Axes", layer: Layer) -> None:
    x, y = _flat(layer).T
    if layer.is_path:
        axes.plot(x, y, color=layer.colour, linewidth=0.8)
        return
    # Few points are large enough to be seen, of many each is a speck.
    size = float(np.clip(6_000 / max(len(x), 1), 3, 30))
    axes.scatter(x, y, s=size, color=layer.colour, linewidths=0, alpha=0.7, label=layer.label or None)


def _dress(axes: "Axes", layers: Sequence[Layer], title: str) -> None:
    outside = sum(int((np.abs(_flat(layer)).max(axis=1) > _REACH).sum()) for layer in layers if not layer.is_path)
    axes.set(xlim=(-_REACH, _REACH), ylim=(-_REACH, _REACH), aspect="equal", title=title)
    axes.set_xlabel(f"{outside:,} outside" if outside else "")
    axes.grid(alpha=0.25, linewidth=0.6)
    if any(layer.label for layer in layers):
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False, markerscale=3)
