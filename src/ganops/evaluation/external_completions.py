"""Evaluate another program's completions of the held-out pictures, with the holes that it was given as files.

A file is called as its picture's row in the store, `000123.png`, as the views `masks` and `with_holes` write them.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from ganops.data.crop_and_resize import crop_and_resize, crop_and_resize_file
from ganops.data.decoding import read_shape
from ganops.data.encodings import encode_masks
from ganops.data.mask_files import read_mask
from ganops.data.progress import Progress, no_progress
from ganops.data.sources.files import list_names
from ganops.data.sources.image_folder import image_folder
from ganops.data.sources.source import SampleRef, UnreadablePicture
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.evaluation.evaluator import Evaluator
from ganops.evaluation.paired import TARGET_METRICS, Pairing, choose_held_out
from ganops.evaluation.report import SAMPLES, Report
from ganops.evaluation.requirements import check_evaluable, sample_count
from ganops.evaluation_config import EvaluationParameters
from ganops.extractors.base import FeatureExtractor
from ganops.games.completion import BASELINES, HOLE_METRICS
from ganops.games.game import Batch
from ganops.noise import Noise
from ganops.preparation_config import MASKED_FIELDS
from ganops.sampling import Samples


@dataclass(frozen=True)
class ExternalCompletions:
    """Completions of the first rows that an evaluation chooses.

    Attributes:
        values: row i is the completion of the i-th picture.
        masks: 255 in its hole, 0 elsewhere.
    """

    values: UInt8[np.ndarray, "n channels height width"]
    masks: UInt8[np.ndarray, "n 1 height width"]

    def draw(self, n: int, seed: int) -> Samples:
        """Return all of them, whatever the seed."""
        assert n == len(self.values), n
        return Samples(torch.from_numpy(self.values), None)

    @property
    def pairing(self) -> Pairing:
        """Return the pairing of completions, with these masks."""
        masks = encode_masks(torch.from_numpy(self.masks))

        def add_masks(conditions: Batch, noise: Noise) -> dict[str, Tensor]:
            return {**conditions, "mask": masks}

        return Pairing(
            conditions=("image",),
            target="image",
            metrics={**HOLE_METRICS, **TARGET_METRICS["image"]},
            baselines=BASELINES,
            complete=add_masks,
            description=f"masks of files {hashlib.sha256(self.masks.tobytes()).hexdigest()[:12]}",
        )


def name_files(rows: Int64[np.ndarray, " n"]) -> list[str]:
    """Return the names of the files that belong to rows of the store."""
    return [f"{row:06d}.png" for row in rows]


def choose_rows(store: Store, n: int | None) -> Int64[np.ndarray, " n"]:
    """Return the rows that an evaluation with `evaluation.n` completes."""
    return choose_held_out(store, sample_count(n, len(store.indices("held_out"))))


def read_completions(
    samples: Path, masks: Path, store: Store, n: int | None, progress: Progress = no_progress
) -> ExternalCompletions:
    """Read completions and masks; both are folders or archives of files that are called as `name_files` does.

    Args:
        samples: completed pictures, of the size of the store's.
        masks: white where they were to be filled.
        store: the pictures.
        n: how many are evaluated; None: all that are held out.
        progress: wraps the pictures.

    Raises:
        DataError: there is no such folder or archive, or it holds no pictures.
        MetricError: the store has no pictures; a file is missing, or cannot be read, or has another size; the message
            names it.
    """
    if store.fields.keys().isdisjoint(MASKED_FIELDS):
        raise MetricError(
            "evaluation.masks",
            expected=f"null, since the store has no pictures but {', '.join(sorted(store.fields))}",
            received=str(masks),
            remedy="Leave evaluation.masks null, or choose another --env.",
        )
    rows, (channels, height, width) = choose_rows(store, n), store.fields["image"].shape
    sides = [
        ("evaluation.masks", masks, partial(read_mask, size=(height, width))),
        ("evaluation.samples", samples, partial(_read_picture, shape=(channels, height, width))),
    ]
    of_masks, values = (_read_all(key, path, rows, read, progress) for key, path, read in sides)
    return ExternalCompletions(values, of_masks)


def evaluate_completions(
    completions: ExternalCompletions,
    store: Store,
    extractor: FeatureExtractor,
    parameters: EvaluationParameters,
    progress: Progress = no_progress,
) -> Report:
    """Return the report on completions of another program, with the baselines in the same holes, and the floor."""
    check_evaluable(store, parameters)
    evaluator = Evaluator.open(store, extractor, parameters, progress)
    return evaluator.report(SAMPLES, completions.draw, {}, completions.pairing)


def _read_all(
    key: str, path: Path, rows: Int64[np.ndarray, " n"], read: Callable[[Any], np.ndarray], progress: Progress
) -> np.ndarray:
    names, references_of = name_files(rows), image_folder(path, "none").references
    found = {_stem(one.name): one for one in references_of}
    _require_one_file_each(key, path, [one.name for one in references_of], {*map(_stem, names)})
    missing = [name for name in names if _stem(name) not in found]
    if missing:
        raise MetricError(
            f"{key}, {path}",
            expected=f"a file for each of {len(rows)} pictures of held_out, called as in views/masks.zip",
            received=f"none for {list_names(missing)}",
            remedy="Complete the pictures of views/with_holes.zip, and keep their names.",
        )
    references: Sequence[SampleRef] = [found[_stem(name)] for name in names]
    return np.stack([_read_one(key, one, read) for one in progress(references, len(references))])


def _require_one_file_each(key: str, path: Path, names: Sequence[str], wanted: Collection[str]) -> None:
    """Raise MetricError where two files belong to one picture."""
    counts = Counter(stem for name in names if (stem := _stem(name)) in wanted)
    twice = [name for name in names if counts[_stem(name)] > 1]
    if twice:
        raise MetricError(
            f"{key}, {path}",
            expected="one file for each picture",
            received=list_names(twice),
            remedy="Keep one of the files that have a name in common, whatever their folders and suffixes.",
        )


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _read_one(key: str, reference: SampleRef, read: Callable[[Any], np.ndarray]) -> np.ndarray:
    try:
        return read(reference.load())
    except UnreadablePicture as error:
        raise MetricError(
            f"{key}, {reference.name}",
            expected="a picture of the store's size; as a mask black and white, white in the hole",
            received=str(error),
            remedy="Write it again, as views/masks.zip and views/with_holes.zip have it.",
        ) from None


def _read_picture(content: bytes | np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    is_file = isinstance(content, bytes)
    found = read_shape(content)[:2] if is_file else content.shape[:2]
    if tuple(found) != shape[1:]:
        raise UnreadablePicture(f"{found[0]} × {found[1]} pixels, where the pictures have {shape[1]} × {shape[2]}")
    return crop_and_resize_file(content, shape) if is_file else crop_and_resize(content, shape)
