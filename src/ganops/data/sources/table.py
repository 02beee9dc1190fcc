"""Encoded pictures in tables, as hubs of data sets keep them: parquet and arrow files, in one shard or many.

All *.parquet and *.arrow below the folder are read. A shard belongs to the part that its name or its folder names, as
in train-00000-of-00002.parquet or test/data-00000-of-00001.arrow; `test` is the test part. The pictures' column is
`image`, or the only one of bytes or of {bytes, path}; labels, numbers or texts, are in `label`, `labels` or
`fine_label`; without them there are no classes. The names of numbered classes are those in the schema's metadata, else
the numbers.
"""

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.types as types

from ganops.data.sources.files import is_wanted
from ganops.data.sources.parts import PART_NAMES, TEST_NAMES, number_classes
from ganops.data.sources.row_reader import RowReader, Run, column_of, runs_of, schema_of
from ganops.data.sources.source import Reference, Source, UnreadablePicture
from ganops.errors import DataError

_SUFFIXES = (".parquet", ".arrow")
_LABELS = ("label", "labels", "fine_label")
_DAMAGE = (OSError, pa.ArrowException)
_AGAIN = "Copy the files again, as their publisher offers them."
T = TypeVar("T")


def table(path: Path) -> Source:
    """All rows below the folder `path`, file after file; DataError: none, damaged, or no column of pictures."""
    files = {file.relative_to(path).as_posix(): file for file in sorted(path.rglob("*")) if _is_table(file, path)}
    if not files:
        raise _unusable(path, "*.parquet or *.arrow files", "none", "Put them into the folder.")
    runs = {name: _undamaged(file, _runs) for name, file in files.items()}
    labels = {name: _undamaged(file, _labels) for name, file in files.items()}
    counts = {name: sum(run.rows for run in of_file) for name, of_file in runs.items()}
    names = _undamaged(next(iter(files.values())), _names_of_classes)
    indices, classes = number_classes(path, labels, counts, partial(_class_name, names))
    reader = RowReader()
    return Source([r for name in files for r in _references(name, runs[name], reader, indices[name])], classes)


def _is_table(file: Path, path: Path) -> bool:
    return file.suffix.lower() in _SUFFIXES and is_wanted(file.relative_to(path).as_posix()) and file.is_file()


def _references(name: str, runs: list[Run], reader: RowReader, labels: np.ndarray) -> list[Reference]:
    words = [word for word in re.split("[^a-z]+", name.lower()) if word in PART_NAMES]
    test = bool(words) and words[-1] in TEST_NAMES
    rows = ((run, row) for run in runs for row in range(run.rows))
    return [
        Reference(f"{name}:{at}", partial(_load, reader, run, row), label, test)
        for at, ((run, row), label) in enumerate(zip(rows, labels.tolist(), strict=True))
    ]


def _load(reader: RowReader, run: Run, row: int) -> bytes:
    try:
        value = reader.value(run, row)
    except _DAMAGE as error:
        raise UnreadablePicture(f"{type(error).__name__}: {error}") from None
    content = value.get("bytes") if isinstance(value, dict) else value
    if content is None:
        raise UnreadablePicture("no bytes in its row")
    return content


def _runs(file: Path) -> list[Run]:
    schema = schema_of(file)
    candidates = [field.name for field in schema if _holds_pictures(field.type)]
    if "image" in candidates:
        return runs_of(file, "image")
    if len(candidates) != 1:
        received = ", ".join(f"{field.name}: {field.type}" for field in schema)
        raise _unusable(file, "a column `image`, or only one, of encoded pictures", received, "Rename the column.")
    return runs_of(file, candidates[0])


def _holds_pictures(kind: pa.DataType) -> bool:
    if types.is_struct(kind):
        return any(field.name == "bytes" and _holds_pictures(field.type) for field in kind)
    return types.is_binary(kind) or types.is_large_binary(kind)


def _labels(file: Path) -> np.ndarray | None:
    name = next((name for name in _LABELS if name in schema_of(file).names), None)
    if name is None:
        return None
    values = column_of(file, name).to_pylist()
    kinds = {type(value) for value in values}
    if kinds - {int} and kinds - {str}:
        received = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise _unusable(file, f"numbers or texts in column {name!r}, one in each row", received, _AGAIN)
    if set(values) == {-1}:
        return None  # How hubs publish a test part whose labels they keep to themselves.
    return np.array(values, dtype=np.int64 if kinds <= {int} else np.str_)


def _names_of_classes(file: Path) -> list[str]:
    """Those that Hugging Face's `datasets` writes into the metadata; none where there are none."""
    schema = schema_of(file)
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return next((list(map(str, features[name]["names"])) for name in _LABELS if name in features), [])
    except (KeyError, TypeError, ValueError):
        return []


def _class_name(names: list[str], label: object) -> str:
    return names[label] if isinstance(label, int) and 0 <= label < len(names) else str(label)


def _undamaged(file: Path, read: Callable[[Path], T]) -> T:
    try:
        return read(file)
    except _DAMAGE as error:
        raise _unusable(file, "a table in a parquet or arrow file", str(error), _AGAIN) from None


def _unusable(path: Path, expected: str, received: str, remedy: str) -> DataError:
    return DataError(str(path), expected=expected, received=received, remedy=remedy)
