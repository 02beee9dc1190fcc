"""What the preparations of pictures and of clips share: which samples are read, and which of them are skipped."""

import math
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ganops.data.manifest import make_manifest
from ganops.data.preparation_report import REASONS_SHOWN
from ganops.data.sources.source import SampleRef, Source
from ganops.data.splits import keep_stratified
from ganops.errors import DataError
from ganops.files import disk_errors, preallocate
from ganops.preparation_config import DataPreparationParameters

# The sha256 of a sample's row, or the reason why the sample is skipped.
Outcome = bytes | str


def select_references(source: Source, parameters: DataPreparationParameters) -> list[SampleRef]:
    """Return the references that `data_preparation.limit` keeps."""
    labels = np.array([reference.label for reference in source.references], dtype=np.int64)
    test = np.array([reference.test for reference in source.references], dtype=bool)
    return [source.references[i] for i in keep_stratified(labels, test, parameters.limit, parameters.seed)]


def temporary_array(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Return zeros in an unnamed file, which the operating system removes with the array."""
    with disk_errors(Path(tempfile.gettempdir())), tempfile.TemporaryFile() as file:
        preallocate(file, math.prod(shape) * np.dtype(dtype).itemsize)
        return np.memmap(file, dtype=dtype, mode="w+", shape=shape)  # type: ignore[arg-type]


def split_outcomes(
    references: Sequence[SampleRef], outcomes: Iterable[Outcome]
) -> tuple[dict[int, bytes], list[tuple[str, str]]]:
    """Return the sha256 of every readable row, and name and reason of the other samples."""
    digests, skipped = {}, []
    for row, outcome in enumerate(outcomes):
        if isinstance(outcome, bytes):
            digests[row] = outcome
        else:
            skipped.append((references[row].name, outcome))
    return digests, skipped


def check_tolerated(
    skipped: list[tuple[str, str]],
    total: int,
    parameters: DataPreparationParameters,
    subject: str = "the raw data",
    at_least_one: bool = False,
) -> None:
    """Raise DataError where more samples cannot be read than `tolerated_bad_share` allows, or none can that must."""
    allowed = int(parameters.tolerated_bad_share * total)
    if len(skipped) > allowed or (at_least_one and len(skipped) == total):
        raise too_many_bad(skipped, total, allowed, subject)


def too_many_bad(skipped: list[tuple[str, str]], total: int, allowed: int, subject: str = "the raw data") -> DataError:
    """Make the error that names the first samples that cannot be read."""
    named = "; ".join(f"{name}: {reason}" for name, reason in skipped[:REASONS_SHOWN])
    return DataError(
        subject,
        expected=f"at most {allowed} of {total} that cannot be read",
        received=f"{len(skipped)} ({named})",
        remedy="Repair or remove them, or raise data_preparation.tolerated_bad_share.",
    )


def make_manifest_of(
    references: Sequence[SampleRef],
    digests: Sequence[bytes],
    classes: tuple[str, ...],
    parameters: DataPreparationParameters,
) -> pd.DataFrame:
    """Make the table of the samples that were read, each with the sha256 of its row."""
    labels = np.array([reference.label for reference in references], dtype=np.int64)
    test = np.array([reference.test for reference in references], dtype=bool)
    return make_manifest([reference.name for reference in references], digests, labels, test, classes, parameters)
