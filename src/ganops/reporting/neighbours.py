"""Show whether a generator copies: samples beside the training pictures nearest to them.

Distances are measured in two spaces, because each misses copies that the other finds: pixels, where a shift by one is
far away, and the features of the report's extractor.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float64, Int64, Shaped, UInt8
from PIL import Image
from scipy.spatial.distance import cdist
from torch import Tensor

from ganops.config import FieldName
from ganops.data.store import Store
from ganops.extractors.base import FeatureExtractor, extract
from ganops.games.request import LatentRequest
from ganops.hardware import thread_count
from ganops.reporting.samples import SEED, SPLIT, SamplerLike, choose_evenly
from ganops.reporting.sheet import Block, draw_sheet

PIXELS = "pixels"
SAMPLES, NEIGHBOURS = 8, 5
_CHUNK = 256
_NOTE = "Below each picture its distance. A generator that copies shows the same picture again, at 0."

ToVectors = Callable[[Shaped[Tensor, "n *shape"]], Float64[np.ndarray, "n dimension"]]


@dataclass(frozen=True)
class Drawing:
    """How samples of a field become pictures.

    Attributes:
        field: of the store.
        space: the name of the distance of pixels.
        draw: stored samples → pictures, uint8 (n, C, H, W).
    """

    field: FieldName
    space: str
    draw: Callable[[Tensor], Tensor]


_PICTURES = Drawing("image", PIXELS, lambda pictures: pictures)


@dataclass(frozen=True)
class Neighbours:
    """The k nearest samples of the store for each of g generated ones, nearest first; ties by position.

    Attributes:
        space: of the distances: `pixels`, or the extractor's name.
        indices: positions in the store.
        distances: Euclidean; of pixels the root of the mean square, from 0 (equal) to 1 (white against black).
    """

    space: str
    indices: Int64[np.ndarray, "g k"]
    distances: Float64[np.ndarray, "g k"]


def draw_neighbours(
    generator: SamplerLike,
    store: Store,
    extractor: FeatureExtractor,
    threads: int,
    drawing: Drawing | None = None,
) -> tuple[Image.Image, pd.DataFrame]:
    """Draw eight samples with their five nearest training samples by pixels and by features.

    Args:
        generator: makes the samples, of the classes in turn.
        store: of the training pictures.
        extractor: of the features.
        threads: of the processor; another number gives other bytes.
        drawing: how samples become pictures; None: they are pictures.

    Returns:
        A sheet, and the tables of both spaces, see `tabulate_neighbours`.
    """
    samples, drawing = generate_samples(generator), drawing or _PICTURES
    field, draw = drawing.field, drawing.draw
    with thread_count(threads):
        by_pixels = find_nearest(samples, store, field, drawing.space, lambda values: to_pixel_vectors(draw(values)))
        by_features = find_nearest(
            samples, store, field, extractor.name, lambda values: extract(extractor, values).values.astype(np.float64)
        )
    tables = [tabulate_neighbours(neighbours, store) for neighbours in (by_pixels, by_features)]
    return _draw_sheet(samples, [by_pixels, by_features], store, drawing), pd.concat(tables, ignore_index=True)


def generate_samples(generator: SamplerLike) -> Shaped[Tensor, "g *shape"]:
    """Generate eight samples, of eight evenly chosen classes; of fewer classes repeatedly."""
    any_classes = generator.generate(LatentRequest(n=SAMPLES, seed=SEED))
    if any_classes.labels is None:
        return any_classes.values
    labels = choose_evenly(len(generator.classes), SAMPLES)
    requests = [LatentRequest(seed=SEED + row, class_label=labels[row % len(labels)]) for row in range(SAMPLES)]
    return torch.cat([generator.generate(request).values for request in requests])


def find_nearest(
    samples: Shaped[Tensor, "g *shape"], store: Store, field: FieldName, space: str, to_vectors: ToVectors
) -> Neighbours:
    """Find the nearest samples of the training split, of which 256 at a time are in memory."""
    vectors, indices = to_vectors(samples), store.indices(SPLIT)
    best = Neighbours(space, np.zeros((len(samples), 0), np.int64), np.zeros((len(samples), 0)))
    for start in range(0, len(indices), _CHUNK):
        chunk = indices[start : start + _CHUNK]
        distances = cdist(vectors, to_vectors(torch.from_numpy(store.read(field, chunk))))
        best = _merge(best, np.broadcast_to(chunk, distances.shape), distances)
    return best


def to_pixel_vectors(images: UInt8[Tensor, "n channels height width"]) -> Float64[np.ndarray, "n dimension"]:
    """Flatten to pixels in [0, 1] over √D, so that a distance is the root of the mean square difference."""
    flat = images.flatten(1).to("cpu", torch.float64).numpy()
    return flat / (255.0 * np.sqrt(flat.shape[1]))


def tabulate_neighbours(neighbours: Neighbours, store: Store) -> pd.DataFrame:
    """Return one row per generated sample and neighbour.

    Columns: generated (row of the sheet), space, rank (1: the nearest), index (in the store), file, distance.
    """
    samples, ranks = neighbours.indices.shape
    indices = neighbours.indices.ravel()
    return pd.DataFrame(
        {
            "generated": np.repeat(np.arange(samples), ranks),
            "space": neighbours.space,
            "rank": np.tile(np.arange(1, ranks + 1), samples),
            "index": indices,
            "file": store.manifest["file"].to_numpy()[indices],
            "distance": neighbours.distances.ravel(),
        }
    )


def _merge(best: Neighbours, indices: np.ndarray, distances: np.ndarray) -> Neighbours:
    indices, distances = np.hstack([best.indices, indices]), np.hstack([best.distances, distances])
    order = np.argsort(distances, axis=1, kind="stable")[:, :NEIGHBOURS]
    rows = np.arange(len(order))[:, None]
    return Neighbours(best.space, indices[rows, order], distances[rows, order])


def _draw_sheet(samples: Tensor, spaces: list[Neighbours], store: Store, drawing: Drawing) -> Image.Image:
    blocks = [Block(list(drawing.draw(samples).split(1)), "generated")]
    for neighbours in spaces:
        rows = [drawing.draw(torch.from_numpy(store.read(drawing.field, indices))) for indices in neighbours.indices]
        space = neighbours.space if neighbours.space == drawing.space else f"features ({neighbours.space})"
        captions = [[*map(_format_distance, distances)] for distances in neighbours.distances]
        blocks.append(Block(rows, f"nearest of {SPLIT} by {space}", captions))
    return draw_sheet(blocks, note=_NOTE)


def _format_distance(distance: float) -> str:
    return f"{distance:.0f}" if distance >= 100 else f"{distance:#.3g}"
