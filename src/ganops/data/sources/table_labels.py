"""Reads the labels of one table: their column, and the names of their classes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as types

from ganops.data.sources.classes import normalize_name
from ganops.data.sources.files import unusable
from ganops.data.sources.parts import Labels, read_labels
from ganops.data.sources.row_reader import read_column, read_schema
from ganops.data.store import NO_CLASS

_LABEL_COLUMNS = ("label", "labels", "fine_label", "target", "targets", "class", "cls")
_TO_LABELS = "Save one integer or text per row, null without a label; or rename the column, for no classes."
_TO_NAMES = "Correct the names in the schema's metadata, or remove them: table.replace_schema_metadata(None)."


@dataclass(frozen=True)
class TableLabels:
    """The labels of the rows.

    Attributes:
        column: name of their column; None: there are no labels.
        labels: the labels.
        names: names from the metadata, by number; empty: the numbers or texts are the names.
    """

    column: str | None
    labels: Labels | None = None
    names: tuple[str, ...] = ()

    @property
    def is_numbered(self) -> bool:
        """Return whether there are numbers among the labels."""
        return self.labels is not None and any(isinstance(value, int) for value in self.labels.values)


def read_table_labels(file: Path) -> TableLabels:
    """Read the labels of a parquet or arrow file.

    Raises:
        DataError: neither whole numbers nor texts, or numbers without a name although there are names.
        ArrowException or OSError: the file is damaged.
    """
    schema = read_schema(file)
    column = next((name for name in _LABEL_COLUMNS if name in schema.names), None)
    if column is None:
        return TableLabels(None)
    names, values = _class_names(file, schema, column), _values(file, column)
    if values.dtype.kind != "i" or not names:
        return TableLabels(column, read_labels(values), names)
    known = values[values != NO_CLASS]
    if len(known) and not 0 <= known.min() <= known.max() < len(names):
        expected = f"labels in column {column!r} from 0 to {len(names) - 1}, as many as names"
        raise unusable(file, expected, f"numbers from {known.min()} to {known.max()}", _TO_NAMES)
    return TableLabels(column, read_labels(values, names.__getitem__), names)


def _values(file: Path, column: str) -> np.ndarray:
    """Read the labels as int64 or texts; a row without a label has −1 or ""."""
    values = read_column(file, column)
    if types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if types.is_floating(values.type):
        # NaN becomes null.
        values = pa.chunked_array([pa.array(values.to_numpy(), from_pandas=True)])
    if _is_number(values.type):
        return _numbers(file, column, values)
    if types.is_string(values.type) or types.is_large_string(values.type) or types.is_string_view(values.type):
        return np.array([text or "" for text in values.to_pylist()], dtype=np.str_)
    raise unusable(file, f"whole numbers or texts in column {column!r}", str(values.type), _TO_LABELS)


def _is_number(kind: pa.DataType) -> bool:
    return types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_null(kind)


def _numbers(file: Path, column: str, values: pa.ChunkedArray) -> np.ndarray:
    try:
        numbers = values.cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise unusable(file, f"whole numbers or texts in column {column!r}", str(error), _TO_LABELS) from None
    return numbers.fill_null(NO_CLASS).to_numpy()


def _class_names(file: Path, schema: pa.Schema, column: str) -> tuple[str, ...]:
    """Read the names that Hugging Face's `datasets` writes into the metadata; empty where there are none."""
    content = (schema.metadata or {}).get(b"huggingface")
    if content is None:
        return ()
    try:
        features = json.loads(content)
    except (ValueError, RecursionError) as error:
        expected, received = "JSON in the schema's metadata", f"{type(error).__name__}: {error}"
        raise unusable(file, expected, received, _TO_NAMES) from None
    names: Any = features
    for key in ("info", "features", column, "names"):
        names = names.get(key) if isinstance(names, dict) else None
    if names is None:
        return ()
    texts = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not texts or len(set(map(normalize_name, names))) < len(names):
        raise unusable(file, "a list of different class names in the metadata", repr(names)[:200], _TO_NAMES)
    return tuple(names)
