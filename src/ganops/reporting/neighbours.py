"""Whether a generator copies: its pictures beside the training pictures that are nearest to them.

Nearest in two spaces, since each is blind for what the other sees: pixels, where a shift by one is far away, and the
features of the extractor that judges.
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

from ganops.data.store import Store
from ganops.extractors.base import FeatureExtractor, extract
from ganops.hardware import thread_count
from ganops.reporting.samples import SEED, SamplerLike, evenly_chosen
from ganops.reporting.sheet import Block, draw_sheet
from ganops.sampling import GenerationRequest

SPLIT, PIXELS = "train", "pixels"
SHOWN, NEAREST = 8, 5
_ROWS_AT_ONCE = 256
_NOTE = "Below each picture its distance. A generator that copies shows the same picture again, at 0."

Points = Callable[[Shaped[Tensor, "n *shape"]], Float64[np.ndarray, "n dimension"]]


@dataclass(frozen=True)
class Neighbours:
    """Of each of g pictures the k nearest of the store, the nearest first; of equal ones the earlier first.

    Attributes:
        space: in which they were measured: `pixels`, or the extractor's name.
        indices: positions in the store.
        distances: Euclidean; of pixels the root of the mean square, 0 for the same picture to 1 for white on black.
    """

    space: str
    indices: Int64[np.ndarray, "g k"]
    distances: Float64[np.ndarray, "g k"]


def nearest_neighbours(
    generator: SamplerLike, store: Store, extractor: FeatureExtractor, threads: int
) -> tuple[Image.Image, pd.DataFrame]:
    """Eight samples, the classes in turn, with their five nearest training pictures by pixels and by features.

    Args:
        threads: of the processor; another number gives other bytes.

    Returns:
        A sheet, and a table: generated (row of the sheet), space, rank (1: the nearest), index (in the store), file,
        distance.
    """
    samples = shown_samples(generator)
    with thread_count(threads):
        found = [
            nearest(samples, store, PIXELS, as_points),
            nearest(
                samples, store, extractor.name, lambda images: extract(extractor, images).values.astype(np.float64)
            ),
        ]
    return _sheet(samples, found, store), pd.concat([neighbour_table(one, store) for one in found], ignore_index=True)


def shown_samples(generator: SamplerLike) -> Shaped[Tensor, "g *shape"]:
    """Eight samples: of as many classes as there are, evenly chosen, again from the first where there are fewer."""
    any_classes = generator.generate(GenerationRequest(n=SHOWN, seed=SEED))
    if any_classes.labels is None:
        return any_classes.values
    labels = evenly_chosen(len(generator.classes), SHOWN)
    requests = [GenerationRequest(seed=SEED + row, class_label=labels[row % len(labels)]) for row in range(SHOWN)]
    return torch.cat([generator.generate(request).values for request in requests])


def nearest(samples: Shaped[Tensor, "g *shape"], store: Store, space: str, points: Points) -> Neighbours:
    """The nearest of the training split; whatever its size, 256 samples are in memory at a time."""
    wanted, indices = points(samples), store.indices(SPLIT)
    best = Neighbours(space, np.zeros((len(samples), 0), np.int64), np.zeros((len(samples), 0)))
    for start in range(0, len(indices), _ROWS_AT_ONCE):
        chunk = indices[start : start + _ROWS_AT_ONCE]
        away = cdist(wanted, points(torch.from_numpy(store.read(store.sample_field, chunk))))
        best = _nearer(best, np.broadcast_to(chunk, away.shape), away)
    return best


def as_points(images: UInt8[Tensor, "n channels height width"]) -> Float64[np.ndarray, "n dimension"]:
    """Flat pixels of [0, 1], over √D: the distance of two is the root of their mean square difference."""
    flat = images.flatten(1).to("cpu", torch.float64).numpy()
    return flat / (255.0 * np.sqrt(flat.shape[1]))


def _nearer(best: Neighbours, indices: np.ndarray, distances: np.ndarray) -> Neighbours:
    indices, distances = np.hstack([best.indices, indices]), np.hstack([best.distances, distances])
    order = np.argsort(distances, axis=1, kind="stable")[:, :NEAREST]
    rows = np.arange(len(order))[:, None]
    return Neighbours(best.space, indices[rows, order], distances[rows, order])


def _sheet(samples: Tensor, found: list[Neighbours], store: Store) -> Image.Image:
    blocks = [Block(list(samples.split(1)), "generated")]
    for one in found:
        rows = [torch.from_numpy(store.read(store.sample_field, indices)) for indices in one.indices]
        space = one.space if one.space == PIXELS else f"features ({one.space})"
        blocks.append(Block(rows, f"nearest of {SPLIT} by {space}", [[*map(_short, row)] for row in one.distances]))
    return draw_sheet(blocks, note=_NOTE)


def _short(distance: float) -> str:
    return f"{distance:.0f}" if distance >= 100 else f"{distance:#.3g}"


def neighbour_table(found: Neighbours, store: Store) -> pd.DataFrame:
    """One row a generated sample and neighbour, see `nearest_neighbours`."""
    shown, nearby = found.indices.shape
    indices = found.indices.ravel()
    return pd.DataFrame(
        {
            "generated": np.repeat(np.arange(shown), nearby),
            "space": found.space,
            "rank": np.tile(np.arange(1, nearby + 1), shown),
            "index": indices,
            "file": store.manifest["file"].to_numpy()[indices],
            "distance": found.distances.ravel(),
        }
    )
