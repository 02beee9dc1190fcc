"""Makes the table that describes every sample, and the format of the label field."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int64

from ganops.data.splits import assign_splits
from ganops.data.store import COLUMNS, FieldFormat
from ganops.preparation_config import DataPreparationParameters


def make_manifest(
    files: Sequence[str],
    digests: Sequence[bytes],
    labels: Int64[np.ndarray, " samples"],
    test: Bool[np.ndarray, " samples"],
    classes: tuple[str, ...],
    parameters: DataPreparationParameters,
) -> pd.DataFrame:
    """Make the table: one row per sample, columns COLUMNS; duplicates are samples with equal digests.

    Raises:
        DataError: a class has too few samples for the splits.
    """
    first: dict[bytes, int] = {}
    occurrences = [first.setdefault(digest, index) for index, digest in enumerate(digests)]
    duplicate_of = np.array([-1 if at == i else at for i, at in enumerate(occurrences)], dtype=np.int64)
    splits = assign_splits(labels, test, duplicate_of, classes, parameters)
    hexadecimal = [digest.hex() for digest in digests]
    columns = (np.arange(len(files)), [*files], hexadecimal, labels, splits, duplicate_of)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def label_field() -> FieldFormat:
    """Return the format in which class indices are stored."""
    return FieldFormat("int64", (), "class_index")
