"""Raw pictures become the store: decoded on all cores, fitted to one shape, told apart, split.

Memory does not hold the pictures: samples stream into a memory-mapped scratch file without a name, in the directory for
temporary files (TMPDIR), which the operating system frees with the array, however the process ends. What grows is the
manifest and what tells twins, about a kilobyte a picture. Threads suffice: Pillow decodes and resizes without the
interpreter's lock.
"""

import hashlib
import math
import tempfile
import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganops.config import DataPreparationParameters, PictureLimits
from ganops.data.array_samples import prepare_ready
from ganops.data.crop_and_resize import fit, fit_file
from ganops.data.encodings import SAMPLE_FIELDS
from ganops.data.manifest import label_field, make_manifest
from ganops.data.near_duplicates import near_twins
from ganops.data.parallel import map_in_order
from ganops.data.preparation_report import REASONS_SHOWN, report_of_pictures
from ganops.data.progress import Progress, no_progress
from ganops.data.shape import NothingReadable, SampleShape, sample_shape
from ganops.data.sources.source import ArraySamples, Reference, Source, UnreadablePicture
from ganops.data.splits import keep_stratified
from ganops.data.store import FieldFormat, PreparedData
from ganops.data.value_range import ValueRange, find_value_range
from ganops.data.white import UnknownWhite, White
from ganops.errors import DataError
from ganops.files import disk_errors, preallocate
from ganops.hardware import core_count

# The sha256 of a picture's row, or why there is none.
Outcome = bytes | str


def prepare(
    source: Source | ArraySamples,
    parameters: DataPreparationParameters,
    *,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> tuple[PreparedData, dict[str, Any]]:
    """The samples of a source and a report of what was kept, doubled and skipped.

    Both are functions of the source and the parameters alone. Duplicates are samples whose stored pixels are equal, so
    that copies in another file format or size count as well when nothing tells them apart any more.

    Args:
        workers: threads; None: the cores that this process may use.
        progress: wraps the iterable of pictures, told how many there are; shows them go by.

    Raises:
        DataError: more bad pictures than tolerated, values whose range is in doubt, or a class with too few pictures
            for the splits.
        StorageError: the folder of temporary files (TMPDIR) has no room for the pictures.
    """
    if isinstance(source, ArraySamples):
        return prepare_ready(source, parameters)
    references = _kept_references(source, parameters)
    with warnings.catch_warnings():
        # Pillow's, of odd metadata and large pictures: one a picture, thousands in all.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        shape = _shape(references, parameters)
        images = _scratch((len(references), shape.channels, shape.height, shape.width))
        values, outcomes = _read_all(references, images, parameters, workers or core_count(), progress)
        digests, skipped = _sorted_out(references, outcomes)
    _check_tolerated(skipped, len(references), parameters)
    rows = np.array(list(digests), dtype=np.int64)
    manifest = _manifest([references[row] for row in rows], list(digests.values()), source.classes, parameters)
    prepared = _prepared(images, rows, manifest, source.classes)
    twins = near_twins(images, rows[manifest["duplicate_of"].to_numpy() < 0])
    return prepared, report_of_pictures(prepared, source, shape, values, skipped, twins, parameters)


def _kept_references(source: Source, parameters: DataPreparationParameters) -> list[Reference]:
    labels = np.array([reference.label for reference in source.references], dtype=np.int64)
    test = np.array([reference.test for reference in source.references], dtype=bool)
    return [source.references[i] for i in keep_stratified(labels, test, parameters.limit, parameters.seed)]


def _shape(references: Sequence[Reference], parameters: DataPreparationParameters) -> SampleShape:
    try:
        return sample_shape(references, parameters)
    except NothingReadable as nothing:
        raise _too_many_bad(nothing.skipped, len(references), 0) from None


def _scratch(shape: tuple[int, ...]) -> np.ndarray:
    with disk_errors(Path(tempfile.gettempdir())), tempfile.TemporaryFile() as file:
        preallocate(file, math.prod(shape))
        return np.memmap(file, dtype=np.uint8, mode="w+", shape=shape)  # type: ignore[arg-type]


def _read_all(
    references: Sequence[Reference],
    images: np.ndarray,
    parameters: DataPreparationParameters,
    workers: int,
    progress: Progress,
) -> tuple[ValueRange, list[Outcome]]:
    """Fill `images`, by the range of values; once more where that turns out to be unknown on the way."""
    rows = range(len(references))
    for of_all in (False, True):
        values = find_value_range(references, parameters, workers, of_all=of_all)
        read = partial(_read_one, references, images, values.known, parameters.limits)
        with suppress(UnknownWhite):
            return values, list(progress(map_in_order(read, rows, workers), len(rows)))
    raise AssertionError("a range that all pictures were looked at for is known")


def _read_one(
    references: Sequence[Reference], images: np.ndarray, white: White, limits: PictureLimits, row: int
) -> Outcome:
    """Fill one row of `images`."""
    try:
        content = references[row].load()
        shape = images.shape[1:]
        is_file = isinstance(content, bytes)
        images[row] = fit_file(content, shape, white, limits) if is_file else fit(content, shape, white)
    except UnreadablePicture as error:
        return str(error)
    return hashlib.sha256(images[row]).digest()


def _sorted_out(
    references: Sequence[Reference], outcomes: Iterable[Outcome]
) -> tuple[dict[int, bytes], list[tuple[str, str]]]:
    """The sha256 of every readable row; name and reason of the others."""
    digests, skipped = {}, []
    for row, outcome in enumerate(outcomes):
        if isinstance(outcome, bytes):
            digests[row] = outcome
        else:
            skipped.append((references[row].name, outcome))
    return digests, skipped


def _check_tolerated(skipped: list[tuple[str, str]], total: int, parameters: DataPreparationParameters) -> None:
    allowed = int(parameters.tolerated_bad_share * total)
    if len(skipped) > allowed:
        raise _too_many_bad(skipped, total, allowed)


def _too_many_bad(skipped: list[tuple[str, str]], total: int, allowed: int) -> DataError:
    named = "; ".join(f"{name}: {reason}" for name, reason in skipped[:REASONS_SHOWN])
    return DataError(
        "the raw pictures",
        expected=f"at most {allowed} of {total} that cannot be read",
        received=f"{len(skipped)} ({named})",
        remedy="Repair or remove them, or raise data_preparation.tolerated_bad_share.",
    )


def _manifest(
    references: Sequence[Reference],
    digests: Sequence[bytes],
    classes: tuple[str, ...],
    parameters: DataPreparationParameters,
) -> pd.DataFrame:
    labels = np.array([reference.label for reference in references], dtype=np.int64)
    test = np.array([reference.test for reference in references], dtype=bool)
    return make_manifest([reference.name for reference in references], digests, labels, test, classes, parameters)


def _prepared(images: np.ndarray, rows: np.ndarray, manifest: pd.DataFrame, classes: tuple[str, ...]) -> PreparedData:
    image = FieldFormat("uint8", images.shape[1:], SAMPLE_FIELDS["image"].encoding)
    fields, arrays = {"image": image}, {"image": images}
    if classes:
        fields["label"] = label_field()
        arrays["label"] = np.zeros(len(images), dtype=np.int64)
        arrays["label"][rows] = manifest["label"]
    return PreparedData(fields, classes, manifest, arrays, rows)
