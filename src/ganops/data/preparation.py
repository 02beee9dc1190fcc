"""Prepares a data set: decodes raw pictures, resizes them to one shape, finds duplicates and draws splits.

The pictures are not held in memory: samples stream into a memory-mapped, unnamed temporary file (in TMPDIR), which the
operating system removes with the array, however the process ends. Only the manifest and the perceptual hashes grow,
about a kilobyte per picture. Large pictures are read by one thread a core, which suffices: Pillow decodes and resizes
without holding the interpreter's lock.
"""

import hashlib
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ganops.data.array_samples import prepare_arrays
from ganops.data.clips import prepare_clips
from ganops.data.encodings import ENCODINGS
from ganops.data.manifest import label_field
from ganops.data.mask_field import add_masks
from ganops.data.near_duplicates import find_near_duplicates
from ganops.data.pairs import input_channels, list_contents, pair_folders, picture_channels, read_pair, read_picture
from ganops.data.parallel import map_in_order
from ganops.data.preparation_report import make_picture_report
from ganops.data.progress import Progress, no_progress
from ganops.data.raw_samples import (
    Outcome,
    check_tolerated,
    make_manifest_of,
    select_references,
    split_outcomes,
    temporary_array,
    too_many_bad,
)
from ganops.data.shape import NothingReadable, SampleShape, find_sample_shape, median_pixels
from ganops.data.sources.source import ArraySamples, ClipSource, SampleRef, Source, TextLines, UnreadablePicture
from ganops.data.store import FieldFormat, PreparedData
from ganops.data.text_preparation import prepare_text
from ganops.data.value_range import ValueRange, find_value_range
from ganops.data.white import UnknownWhite, White
from ganops.hardware import core_count
from ganops.preparation_config import DataPreparationParameters

# A smaller picture is decoded in less time than threads lose over the interpreter's lock (benchmarks/preparation.py).
_PIXELS_FOR_THREADS = 128 * 128
# Field → all its rows.
Pictures = dict[str, np.ndarray]


def prepare(
    source: Source | ArraySamples | TextLines,
    parameters: DataPreparationParameters,
    *,
    masks: Source | None = None,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> tuple[PreparedData, dict[str, Any]]:
    """Return the samples of a source, with masks if there are such, and a report; see `prepare_source`.

    Args:
        source: references to pictures or clips, an array of samples, or a text.
        parameters: the parameters of the data preparation.
        masks: files of masks, which the pictures get; None: they have none.
        workers: number of threads; None: the cores that this process may use, for small pictures one.
        progress: wraps the iterable of pictures and takes their number.

    Raises:
        DataError: as `prepare_source`, or more masks than tolerated cannot be read.
    """
    prepared = prepare_source(source, parameters, workers, progress)
    return prepared if masks is None else add_masks(*prepared, masks, parameters)


def prepare_source(
    source: Source | ArraySamples | TextLines,
    parameters: DataPreparationParameters,
    workers: int | None,
    progress: Progress,
) -> tuple[PreparedData, dict[str, Any]]:
    """Return the samples of a source and a report of splits, duplicates and skipped pictures.

    Both are functions of the source and the parameters alone. Duplicates are samples whose stored pixels are equal:
    copies in another file format or size count as well if they become equal by resizing.

    Args:
        source: references to pictures or clips, an array of samples, or a text.
        parameters: the parameters of the data preparation.
        workers: number of threads; None: the cores that this process may use, for small pictures one.
        progress: wraps the iterable of pictures and takes their number.

    Raises:
        DataError: more unreadable pictures or lines than tolerated, an ambiguous range of values, or a class with too
            few pictures for the splits.
        StorageError: the folder for temporary files (TMPDIR) has no room for the pictures.
    """
    if isinstance(source, ArraySamples):
        return prepare_arrays(source, parameters)
    if isinstance(source, ClipSource):
        return prepare_clips(source, parameters, workers or core_count(), progress)
    if isinstance(source, TextLines):
        return prepare_text(source, parameters)
    if parameters.pairs == "folders":
        source = pair_folders(source)
    references = select_references(source, parameters)
    with warnings.catch_warnings():
        # Pillow warns of odd metadata and of large pictures, once per picture.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        shape = _shape(references, parameters)
        pictures = _temporary_arrays(len(references), shape, parameters)
        workers = workers or _choose_workers(references, parameters)
        values, outcomes = _read_all(references, pictures, shape, parameters, workers, progress)
        digests, skipped = split_outcomes(references, outcomes)
    check_tolerated(skipped, len(references), parameters)
    rows = np.array(list(digests), dtype=np.int64)
    manifest = make_manifest_of([references[row] for row in rows], list(digests.values()), source.classes, parameters)
    prepared = _make_prepared_data(pictures, rows, manifest, source.classes)
    near_duplicates = find_near_duplicates(pictures["image"], rows[manifest["duplicate_of"].to_numpy() < 0])
    return prepared, make_picture_report(prepared, source, shape, values, skipped, near_duplicates, parameters)


def _shape(references: Sequence[SampleRef], parameters: DataPreparationParameters) -> SampleShape:
    try:
        return find_sample_shape(list_contents(references), parameters)
    except NothingReadable as nothing:
        raise too_many_bad(nothing.skipped, len(references), 0) from None


def _choose_workers(references: Sequence[SampleRef], parameters: DataPreparationParameters) -> int:
    return core_count() if median_pixels(references, parameters.limits) >= _PIXELS_FOR_THREADS else 1


def _temporary_arrays(count: int, shape: SampleShape, parameters: DataPreparationParameters) -> Pictures:
    size = (shape.height, shape.width)
    if parameters.pairs is None:
        return {"image": temporary_array((count, shape.channels, *size), "uint8")}
    return {
        "input": temporary_array((count, input_channels(parameters.pairs, shape), *size), "uint8"),
        "image": temporary_array((count, picture_channels(parameters.pairs, shape), *size), "uint8"),
    }


def _read_all(
    references: Sequence[SampleRef],
    pictures: Pictures,
    shape: SampleShape,
    parameters: DataPreparationParameters,
    workers: int,
    progress: Progress,
) -> tuple[ValueRange, list[Outcome]]:
    """Fill `pictures`, scaled by the range of values; again from the start if that range turns out to be incomplete."""
    rows, contents = range(len(references)), list_contents(references)
    # A row of a memory map takes ten times as long to take.
    views = {field: array.view(np.ndarray) for field, array in pictures.items()}
    for read_all in (False, True):
        values = find_value_range(contents, parameters, workers, read_all=read_all)
        read = partial(_read_pictures, shape=shape, white=values.known, parameters=parameters)
        with suppress(UnknownWhite):
            fill = partial(_fill_row, references, views, read)
            return values, list(progress(map_in_order(fill, rows, workers), len(rows)))
    raise AssertionError("the range of values is known after all pictures have been read")


def _fill_row(
    references: Sequence[SampleRef],
    pictures: Pictures,
    read: Callable[[SampleRef], tuple[np.ndarray, ...]],
    row: int,
) -> Outcome:
    """Fill one row of each field; return the sha256 of all, or why the sample is skipped."""
    digest = hashlib.sha256()
    try:
        for array, picture in zip(pictures.values(), read(references[row]), strict=True):
            array[row] = picture
            digest.update(array[row])
    except UnreadablePicture as error:
        return str(error)
    return digest.digest()


def _read_pictures(
    reference: SampleRef, shape: SampleShape, white: White, parameters: DataPreparationParameters
) -> tuple[np.ndarray, ...]:
    """Read the pictures of a sample, in the order of its fields."""
    as_read = (shape.channels, shape.height, shape.width)
    if parameters.pairs is None:
        return (read_picture(reference.load(), as_read, white, parameters.limits),)
    return read_pair(reference, parameters.pairs, as_read, white, parameters.limits)


def _make_prepared_data(
    pictures: Pictures, rows: np.ndarray, manifest: pd.DataFrame, classes: tuple[str, ...]
) -> PreparedData:
    fields = {
        field: FieldFormat("uint8", array.shape[1:], ENCODINGS["image"].name) for field, array in pictures.items()
    }
    arrays = {**pictures}
    if classes:
        fields["label"] = label_field()
        arrays["label"] = np.zeros(len(arrays["image"]), dtype=np.int64)
        arrays["label"][rows] = manifest["label"]
    return PreparedData(fields, classes, manifest, arrays, rows)
