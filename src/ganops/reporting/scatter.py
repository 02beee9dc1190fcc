"""Draw a generator of points as clouds and paths.

Every panel shows the same square, 1.25 model units each way from the origin, so that any two compare; a line below
states how many points lie outside. Points in more than two dimensions are drawn by their first two.
"""

from collections.abc import Mapping, Sequence
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
from ganops.games.request import LatentRequest
from ganops.hardware import thread_count
from ganops.reporting.figure import create_figure, render
from ganops.reporting.neighbours import find_nearest, generate_samples, tabulate_neighbours
from ganops.reporting.samples import FRAMES, SEED, SPLIT, TRUNCATIONS, SamplerLike, choose_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COUNT = 2_500
_REACH = 1.25 * POINT_SCALE
_STEPS = 101
_PANEL_INCHES = 5.0
_REAL, _GENERATED, _PATH = "#b5b5b5", "#3b6ea5", "#d9823b"


@dataclass(frozen=True)
class Layer:
    """Points of one colour, or a path through them in their order."""

    points: Float32[Tensor, "n dimension"]
    colour: str = _GENERATED
    label: str = ""
    is_path: bool = False


def draw_scatter(panels: Sequence[Sequence[Layer]], titles: Sequence[str] = (), note: str = "") -> Image.Image:
    """Draw panels side by side in RGB.

    Args:
        panels: the layers of each, the last on top.
        titles: above the panels; empty: none.
        note: one line at the foot.
    """
    figure = create_figure(_PANEL_INCHES * len(panels), _PANEL_INCHES + 0.3)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for place, layers in enumerate(panels):
        for layer in layers:
            _draw_layer(axes[place], layer)
        _format_panel(axes[place], layers, titles[place] if titles else "")
    if note:
        figure.supxlabel(note, fontsize="small")
    return render(figure)


def draw_points(samples: Float32[Tensor, "n dimension"], columns: int) -> Image.Image:
    """Draw one cloud; `columns`, of a grid of pictures, has no meaning here."""
    return draw_scatter([[Layer(samples)]])


def draw_named_clouds(clouds: Mapping[str, Float32[Tensor, "_ dimension"]], note: str = "") -> Image.Image:
    """Draw one panel per name, each name above it; `note` is a line at the foot."""
    return draw_scatter([[Layer(points)] for points in clouds.values()], list(clouds), note)


def draw_samples(generator: SamplerLike) -> Image.Image:
    """Draw 2,500 samples, of classes as frequent as in training."""
    return draw_scatter([[Layer(_generate(generator))]])


def draw_real_beneath_generated(generator: SamplerLike, store: Store) -> Image.Image:
    """Draw 2,500 samples on top of as many training points."""
    indices = store.indices(SPLIT)
    chosen = indices[np.linspace(0, len(indices) - 1, min(COUNT, len(indices))).round().astype(int)]
    real = torch.from_numpy(store.read("point", chosen))
    return draw_scatter([[Layer(real, _REAL, f"real ({SPLIT})"), Layer(_generate(generator), label="generated")]])


def draw_truncations(generator: SamplerLike) -> Image.Image:
    """Draw samples of the same latents at five scales, from 0.2 to 1, one panel each."""
    clouds = [[Layer(_generate(generator, truncation=scale))] for scale in TRUNCATIONS]
    return draw_scatter(clouds, [f"latents × {scale:.1f}" for scale in TRUNCATIONS])


def draw_interpolation(generator: SamplerLike) -> Image.Image:
    """Draw paths from one latent to another on a cloud of samples: one per class, eight without classes."""
    paths = _interpolate(generator, _STEPS, eased=False)
    return draw_scatter([[Layer(_generate(generator), _REAL), *_path_layers(paths)]])


def draw_animation(generator: SamplerLike) -> list[Image.Image]:
    """Draw samples that follow those paths forth and back, slower at the ends: 48 frames."""
    cloud, paths = Layer(_generate(generator), _REAL), _interpolate(generator, FRAMES // 2 + 1, eased=True)
    steps = [Layer(torch.stack(points)) for points in zip(*paths, strict=True)]
    forth = [draw_scatter([[cloud, *_path_layers(paths), step]]) for step in steps]
    return [*forth, *forth[-2:0:-1]]


def draw_neighbours(
    generator: SamplerLike, store: Store, extractor: FeatureExtractor, threads: int
) -> tuple[Image.Image, pd.DataFrame]:
    """Draw eight samples tied to their five nearest training points.

    Args:
        generator: makes the samples.
        store: of the training points.
        extractor: its name is the space of the table; the distances are those of the points themselves.
        threads: of the processor.

    Returns:
        The picture, and the table of `tabulate_neighbours`.
    """
    samples = generate_samples(generator)
    with thread_count(threads):
        neighbours = find_nearest(samples, store, "point", extractor.name, lambda points: points.double().numpy())
    near = [torch.from_numpy(store.read("point", indices)) for indices in neighbours.indices]
    ties = [torch.stack([sample, neighbour]) for sample, row in zip(samples, near, strict=True) for neighbour in row]
    points = [Layer(torch.cat(near), _REAL, f"nearest of {SPLIT}"), Layer(samples, label="generated")]
    return draw_scatter([[*_path_layers(ties), *points]]), tabulate_neighbours(neighbours, store)


def _generate(generator: SamplerLike, truncation: float = 1.0) -> Tensor:
    return generator.generate(LatentRequest(n=COUNT, seed=SEED, truncation=truncation)).values


def _interpolate(generator: SamplerLike, steps: int, eased: bool) -> list[Tensor]:
    return [
        generator.interpolate(SEED + 2 * row, SEED + 2 * row + 1, steps, label, eased)
        for row, label in enumerate(choose_labels(generator))
    ]


def _path_layers(paths: Sequence[Tensor]) -> list[Layer]:
    return [Layer(path, _PATH, is_path=True) for path in paths]


def _to_plane(layer: Layer) -> np.ndarray:
    points = layer.points.numpy()[:, :2]
    return np.hstack([points, np.zeros((len(points), 2 - points.shape[1]), points.dtype)])


def _draw_layer(axes: "Axes", layer: Layer) -> None:
    x, y = _to_plane(layer).T
    if layer.is_path:
        axes.plot(x, y, color=layer.colour, linewidth=0.8)
        return
    # Dots shrink with their number, so that few can be seen and many do not merge.
    size = float(np.clip(6_000 / max(len(x), 1), 3, 30))
    axes.scatter(x, y, s=size, color=layer.colour, linewidths=0, alpha=0.7, label=layer.label or None)


def _format_panel(axes: "Axes", layers: Sequence[Layer], title: str) -> None:
    outside = sum(int((np.abs(_to_plane(layer)).max(axis=1) > _REACH).sum()) for layer in layers if not layer.is_path)
    axes.set(xlim=(-_REACH, _REACH), ylim=(-_REACH, _REACH), aspect="equal", title=title)
    axes.set_xlabel(f"{outside:,} outside" if outside else "")
    axes.grid(alpha=0.25, linewidth=0.6)
    if any(layer.label for layer in layers):
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False, markerscale=3)
