"""Samples that another program made: pictures of the store's shape, labelled where folders tell, or points of a table.

Pictures are fitted as the preparation fits real ones, so that a size or a colour space of their own is no difference
that the metrics would see; the protocol says how many were.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Int64, Shaped

from ganops.data.crop_and_resize import crop_and_resize, crop_and_resize_file
from ganops.data.decoding import read_shape
from ganops.data.progress import Progress, no_progress
from ganops.data.sources.image_folder import image_folder
from ganops.data.sources.source import SampleRef, Source, UnreadablePicture
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.noise import permutation
from ganops.sampling import Samples

_TABLE = "points.csv"


@dataclass(frozen=True)
class ExternalSamples:
    """N samples of one shape.

    Attributes:
        values: as the store holds them.
        labels: by the store's classes; None where nothing tells them.
        fitted: how many pictures were of another size or number of channels.
    """

    values: Shaped[np.ndarray, "n *shape"]
    labels: Int64[np.ndarray, " n"] | None
    fitted: int

    def draw(self, n: int, seed: int) -> Samples:
        """n of them, in their order; all of them whatever the seed if there are no more."""
        chosen = np.sort(permutation(seed, "evaluation/samples", 0, len(self.values))[:n])
        labels = None if self.labels is None else torch.from_numpy(self.labels[chosen])
        return Samples(torch.from_numpy(self.values[chosen]), labels)


def read_samples(path: Path, store: Store, progress: Progress = no_progress) -> ExternalSamples:
    """All pictures of a folder or zip; sub-folders named as classes of the store are labels.

    Of points a table in the form of `kedro generate`, or the folder of its points.csv: columns x1 … xD, and `class`.

    Args:
        progress: wraps the pictures; shows them go by.

    Raises:
        DataError: no such path, or no pictures in it.
        MetricError: one of them cannot be read.
    """
    if store.sample_field == "point":
        return _read_points(path / _TABLE if path.is_dir() else path, store)
    # Sub-folders never raise ShardsOrClasses here: a folder that is no class of the store gives no label.
    source = image_folder(path, "folders")
    channels, height, width = store.fields["image"].shape
    images = np.empty((len(source.references), channels, height, width), dtype=np.uint8)
    with ThreadPoolExecutor() as pool:
        done = pool.map(partial(_read_one, source.references, images), range(len(images)))
        fitted = sum(progress(done, len(images)))
    return ExternalSamples(images, _labels(source, store.classes), fitted)


def _read_points(path: Path, store: Store) -> ExternalSamples:
    columns = [f"x{axis}" for axis in range(1, store.fields["point"].shape[0] + 1)]
    try:
        table = pd.read_csv(path)
        points = table[columns].to_numpy(dtype=np.float32)
        labels = table["class"].to_numpy(dtype=np.int64) if "class" in table else None
    except (OSError, KeyError, ValueError) as error:
        raise _no_points(path, columns, str(error)) from None
    if not np.isfinite(points).all() or (labels is not None and not np.isin(labels, range(len(store.classes))).all()):
        raise _no_points(path, columns, "values that are not finite, or classes that the data do not have")
    return ExternalSamples(points, labels, 0)


def _no_points(path: Path, columns: list[str], received: str) -> MetricError:
    return MetricError(
        f"evaluation.samples, {path}",
        expected=f"a table (CSV) with the columns {', '.join(columns)} and, where classes are known, class",
        received=received,
        remedy="Write it as kedro generate writes points.csv.",
    )


def _read_one(references: Sequence[SampleRef], images: np.ndarray, row: int) -> bool:
    """Fills one row; whether the picture had to be fitted."""
    reference, (channels, height, width) = references[row], images.shape[1:]
    shape = (channels, height, width)
    try:
        content = reference.load()
        is_file = isinstance(content, bytes)
        images[row] = crop_and_resize_file(content, shape) if is_file else crop_and_resize(content, shape)
        return (read_shape(content) if is_file else content.shape) != (height, width, channels)
    except UnreadablePicture as error:
        raise MetricError(
            f"evaluation.samples, {reference.name}",
            expected="a picture",
            received=str(error),
            remedy="Remove it, or write it again.",
        ) from None


def _labels(source: Source, classes: tuple[str, ...]) -> np.ndarray | None:
    """None unless every sub-folder is a class of the store: names that only some share tell nothing for sure."""
    if not source.classes or not set(source.classes) <= set(classes):
        return None
    by_source = np.array([classes.index(name) for name in source.classes], dtype=np.int64)
    return by_source[[reference.label for reference in source.references]]
