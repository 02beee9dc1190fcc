"""Raw pictures become the store: decoded on all cores, fitted to one shape, told apart, split.

Memory stays flat: samples stream into a memory-mapped scratch file without a name, in the directory for temporary files
(TMPDIR), which the operating system frees with the array. Threads suffice: Pillow works without the interpreter's lock.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ganops.config import DataPreparationParameters
from ganops.data.decoding import decode
from ganops.data.fitting import fit
from ganops.data.progress import Progress, unwatched
from ganops.data.sources.source import Reference, Source, UnreadablePicture
from ganops.data.splits import assign_splits, keep_stratified
from ganops.data.store import COLUMNS, FieldFormat, PreparedData
from ganops.errors import DataError

# The sha256 of a picture's row, or why there is none.
Outcome = tuple[str, str | None]
_TASKS_AT_ONCE = 4096
_REASONS_SHOWN = 20
# Photographs are thousands of pixels wide: whoever wants to train on that says so.
_LARGEST_UNASKED_SIDE = 256


def prepare(
    source: Source,
    parameters: DataPreparationParameters,
    *,
    workers: int | None = None,
    progress: Progress = unwatched,
) -> tuple[PreparedData, dict[str, Any]]:
    """The samples of a source and a report of what was kept, doubled and skipped.

    Both are functions of the source and the parameters alone. Duplicates are samples whose stored pixels are equal, so
    that copies in another file format or size count as well when nothing tells them apart any more.

    Args:
        workers: threads; None: as many as the machine has use for.
        progress: wraps the iterable of pictures, told how many there are; shows them go by.

    Raises:
        DataError: more bad pictures than tolerated, a class with too few pictures for the splits, or a size of null
            where the first picture is large.
    """
    references = _kept_references(source, parameters)
    shape = _sample_shape(references, parameters)
    images = _scratch((len(references), *shape))
    outcomes = list(progress(_read_all(references, images, workers), len(references)))
    skipped = [(r.name, reason) for r, (_, reason) in zip(references, outcomes, strict=True) if reason is not None]
    _check_tolerated(skipped, len(references), parameters)
    rows = np.array([row for row, (_, reason) in enumerate(outcomes) if reason is None], dtype=np.int64)
    manifest = _manifest([references[r] for r in rows], [outcomes[r][0] for r in rows], source.classes, parameters)
    prepared = _prepared(images, rows, shape, manifest, source.classes, len(references))
    return prepared, _report(prepared, shape, skipped, parameters)


def _kept_references(source: Source, parameters: DataPreparationParameters) -> list[Reference]:
    labels = np.array([reference.label for reference in source.references], dtype=np.int64)
    test = np.array([reference.test for reference in source.references], dtype=bool)
    return [source.references[i] for i in keep_stratified(labels, test, parameters.limit, parameters.seed)]


def _sample_shape(references: Sequence[Reference], parameters: DataPreparationParameters) -> tuple[int, int, int]:
    height, width, channels = _first_shape(references)
    for name, asked, found in (("height", parameters.height, height), ("width", parameters.width, width)):
        if asked is None and found > _LARGEST_UNASKED_SIDE:
            raise _too_large(name, found)
    return (parameters.channels or channels, parameters.height or height, parameters.width or width)


def _too_large(name: str, found: int) -> DataError:
    return DataError(
        f"data_preparation.{name}",
        expected=f"a number, because null takes the first picture's only up to {_LARGEST_UNASKED_SIDE} pixels",
        received=f"null, and a first picture with a {name} of {found} pixels",
        remedy=f"Set it in parameters_data_preparation.yml of the environment, or --params data_preparation.{name}=64.",
    )


def _first_shape(references: Sequence[Reference]) -> tuple[int, ...]:
    skipped = []
    for reference in references:
        try:
            return _pixels(reference).shape
        except UnreadablePicture as error:
            skipped.append((reference.name, str(error)))
    raise _too_many_bad(skipped, len(references), 0)


def _scratch(shape: tuple[int, ...]) -> np.ndarray:
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, dtype=np.uint8, mode="w+", shape=shape)  # type: ignore[arg-type]


def _read_all(references: Sequence[Reference], images: np.ndarray, workers: int | None) -> Iterator[Outcome]:
    """Fills `images`, picture by picture."""
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(references), _TASKS_AT_ONCE):
            tasks = range(start, min(start + _TASKS_AT_ONCE, len(references)))
            yield from pool.map(partial(_read_one, references, images), tasks)


def _pixels(reference: Reference) -> np.ndarray:
    content = reference.load()
    return decode(content) if isinstance(content, bytes) else content


def _read_one(references: Sequence[Reference], images: np.ndarray, row: int) -> Outcome:
    try:
        sample = np.ascontiguousarray(fit(_pixels(references[row]), images.shape[1:]))
    except UnreadablePicture as error:
        return "", str(error)
    images[row] = sample
    return hashlib.sha256(sample.tobytes()).hexdigest(), None


def _check_tolerated(skipped: list[tuple[str, str]], total: int, parameters: DataPreparationParameters) -> None:
    allowed = int(parameters.tolerated_bad_share * total)
    if len(skipped) > allowed:
        raise _too_many_bad(skipped, total, allowed)


def _too_many_bad(skipped: list[tuple[str, str]], total: int, allowed: int) -> DataError:
    named = "; ".join(f"{name}: {reason}" for name, reason in skipped[:_REASONS_SHOWN])
    return DataError(
        "the raw pictures",
        expected=f"at most {allowed} of {total} that cannot be read",
        received=f"{len(skipped)} ({named})",
        remedy="Repair or remove them, or raise data_preparation.tolerated_bad_share.",
    )


def _manifest(
    references: Sequence[Reference], digests: list[str], classes: tuple[str, ...], parameters: DataPreparationParameters
) -> pd.DataFrame:
    first: dict[str, int] = {}
    occurrences = [first.setdefault(digest, index) for index, digest in enumerate(digests)]
    duplicate_of = np.array([-1 if at == i else at for i, at in enumerate(occurrences)], dtype=np.int64)
    labels = np.array([reference.label for reference in references], dtype=np.int64)
    test = np.array([reference.test for reference in references], dtype=bool)
    splits = assign_splits(labels, test, duplicate_of, classes, parameters)
    files = [reference.name for reference in references]
    columns = (np.arange(len(files)), files, digests, labels, splits, duplicate_of)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def _prepared(
    images: np.ndarray,
    rows: np.ndarray,
    shape: tuple[int, int, int],
    manifest: pd.DataFrame,
    classes: tuple[str, ...],
    total: int,
) -> PreparedData:
    fields, arrays = {"image": FieldFormat("uint8", shape, "uint8_symmetric")}, {"image": images}
    if classes:
        fields["label"], arrays["label"] = FieldFormat("int64", (), "class_index"), np.zeros(total, dtype=np.int64)
        arrays["label"][rows] = manifest["label"]
    return PreparedData(fields, classes, manifest, arrays, rows)


def _report(
    prepared: PreparedData,
    shape: tuple[int, int, int],
    skipped: list[tuple[str, str]],
    parameters: DataPreparationParameters,
) -> dict[str, Any]:
    manifest = prepared.manifest
    duplicates = int(np.count_nonzero(manifest["duplicate_of"].to_numpy() >= 0))
    return {
        "source": parameters.source,
        "samples": len(manifest),
        "channels": shape[0],
        "height": shape[1],
        "width": shape[2],
        "classes": list(prepared.classes),
        "splits": {name: _counts(manifest, name, prepared.classes) for name in ("train", "validation", "held_out")},
        "duplicates": duplicates,
        "skipped": {
            "count": len(skipped),
            "first": [{"file": name, "reason": reason} for name, reason in skipped[:_REASONS_SHOWN]],
        },
    }


def _counts(manifest: pd.DataFrame, split: str, classes: tuple[str, ...]) -> dict[str, Any]:
    labels = manifest["label"].to_numpy()[manifest["split"].to_numpy() == split]
    return {
        "samples": len(labels),
        "per_class": {name: int(np.count_nonzero(labels == k)) for k, name in enumerate(classes)},
    }
