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
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganops.config import DataPreparationParameters
from ganops.data.encodings import SAMPLE_FIELDS
from ganops.data.fitting import fit, fit_file
from ganops.data.manifest import label_field, make_manifest
from ganops.data.perceptual import near_twins
from ganops.data.preparation_report import REASONS_SHOWN, report_of_pictures
from ganops.data.progress import Progress, unwatched
from ganops.data.ready import prepare_ready
from ganops.data.shape import NothingReadable, SampleShape, sample_shape
from ganops.data.sources.source import ReadySamples, Reference, Source, UnreadablePicture
from ganops.data.splits import keep_stratified
from ganops.data.store import FieldFormat, PreparedData
from ganops.errors import DataError
from ganops.files import disk_errors, reserve
from ganops.threads import core_count

# The sha256 of a picture's row, or why there is none.
Outcome = bytes | str
# Few enough that little is lost when it is interrupted, many enough that handing them over costs next to nothing.
_PICTURES_A_TASK = 8
_TASKS_WAITING_EACH = 8


def prepare(
    source: Source | ReadySamples,
    parameters: DataPreparationParameters,
    *,
    workers: int | None = None,
    progress: Progress = unwatched,
) -> tuple[PreparedData, dict[str, Any]]:
    """The samples of a source and a report of what was kept, doubled and skipped.

    Both are functions of the source and the parameters alone. Duplicates are samples whose stored pixels are equal, so
    that copies in another file format or size count as well when nothing tells them apart any more.

    Args:
        workers: threads; None: the cores that this process may use.
        progress: wraps the iterable of pictures, told how many there are; shows them go by.

    Raises:
        DataError: more bad pictures than tolerated, or a class with too few pictures for the splits.
        StorageError: the folder of temporary files (TMPDIR) has no room for the pictures.
    """
    if isinstance(source, ReadySamples):
        return prepare_ready(source, parameters)
    references = _kept_references(source, parameters)
    with warnings.catch_warnings():
        # Pillow's, of odd metadata and large pictures: one a picture, thousands in all.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        shape = _shape(references, parameters)
        images = _scratch((len(references), shape.channels, shape.height, shape.width))
        outcomes = progress(_read_all(references, images, workers or core_count()), len(references))
        digests, skipped = _sorted_out(references, iter(outcomes))
    _check_tolerated(skipped, len(references), parameters)
    rows = np.array(list(digests), dtype=np.int64)
    manifest = _manifest([references[row] for row in rows], list(digests.values()), source.classes, parameters)
    prepared = _prepared(images, rows, manifest, source.classes)
    twins = near_twins(images, rows[manifest["duplicate_of"].to_numpy() < 0])
    return prepared, report_of_pictures(prepared, shape, skipped, twins, parameters)


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
        reserve(file, math.prod(shape))
        return np.memmap(file, dtype=np.uint8, mode="w+", shape=shape)  # type: ignore[arg-type]


def _read_all(references: Sequence[Reference], images: np.ndarray, workers: int) -> Iterator[Outcome]:
    """Fills `images`, picture by picture; outcomes in the order of the references."""
    waiting: deque[Future[list[Outcome]]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for start in range(0, len(references), _PICTURES_A_TASK):
            rows = range(start, min(start + _PICTURES_A_TASK, len(references)))
            waiting.append(pool.submit(_read_some, references, images, rows))
            if len(waiting) > workers * _TASKS_WAITING_EACH:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _read_some(references: Sequence[Reference], images: np.ndarray, rows: range) -> list[Outcome]:
    return [_read_one(references[row], images, row) for row in rows]


def _read_one(reference: Reference, images: np.ndarray, row: int) -> Outcome:
    try:
        content = reference.load()
        shape = images.shape[1:]
        images[row] = fit_file(content, shape) if isinstance(content, bytes) else fit(content, shape)
    except UnreadablePicture as error:
        return str(error)
    return hashlib.sha256(images[row]).digest()


def _sorted_out(
    references: Sequence[Reference], outcomes: Iterator[Outcome]
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
