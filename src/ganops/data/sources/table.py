"""Reads encoded pictures from tables, as dataset hubs store them: parquet and arrow files, in one shard or many.

All *.parquet and *.arrow files below the folder are read. The name of a shard or of its folder states its part, as in
train-00000-of-00002.parquet or test/data-00000-of-00001.arrow; `test` is the test part. The pictures' column is
`image`, or the only one of bytes or of {bytes, path}; labels, numbers or texts, are in the first of `label`, `labels`,
`fine_label`, `target`, `targets`, `class` and `cls`; without them there are no classes. A row without a label holds −1
or null. The names of numbered classes are those in the metadata of each file, else the numbers.

Folders that name no part are configurations of a data set, often with the same pictures. More than one is an error.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.types as types

from ganops.data.sources.files import is_wanted, list_names, printable, require_regular_file, unusable
from ganops.data.sources.parts import PART_NAMES, TEST_NAMES, describe_parts, number_classes
from ganops.data.sources.row_reader import RowReader, Run, check_size, list_runs, read_schema
from ganops.data.sources.source import SampleRef, Source, UnreadablePicture
from ganops.data.sources.table_labels import TableLabels, read_table_labels
from ganops.preparation_config import DEFAULT_LIMITS, PictureLimits

_SUFFIXES = (".parquet", ".arrow")
# pyarrow decodes the names of columns on access.
_DAMAGE = (OSError, UnicodeDecodeError, pa.ArrowException)
_AGAIN = "Copy the files again, as their publisher offers them."
_ONE_FOLDER = "Keep one of these, or put all files into one folder under different names to train on all of them."
_ALIKE = "Rename the columns, so that they are called alike in every file, or leave one of the files out."
_NAME_ALL = "Give both the names in their metadata, or neither, or leave one of the files out."
T = TypeVar("T")


def table(path: Path, limits: PictureLimits = DEFAULT_LIMITS) -> Source:
    """Return the pictures of all rows below the folder `path`; `limits` bounds the size of the unpacked files.

    Raises:
        DataError: no files, damaged ones, no column of pictures, several configurations, or files that do not match.
    """
    files = _find(path)
    _require_one_configuration(path, files)
    for file in files.values():
        _read_file(file, partial(check_size, limits=limits))
    columns = {name: _read_file(file, _picture_column) for name, file in files.items()}
    labels = {name: _read_file(file, read_table_labels) for name, file in files.items()}
    _require_alike(path, columns, labels)
    runs = {name: _read_file(file, partial(list_runs, column=columns[name])) for name, file in files.items()}
    counts = {name: sum(run.rows for run in file_runs) for name, file_runs in runs.items()}
    indices, classes = number_classes(path, {name: found.labels for name, found in labels.items()}, counts)
    reader = RowReader()
    references = [r for name in files for r in _references(name, runs[name], reader, indices[name])]
    uses = describe_parts([(_part_name(name), counts[name], _is_test(name)) for name in files])
    return Source(references, classes, notes=(*_describe_unused(files, columns, labels), *uses))


def _find(path: Path) -> dict[str, Path]:
    found = {file.relative_to(path).as_posix(): file for file in sorted(path.rglob("*"))}
    tables = {name: file for name, file in found.items() if file.suffix.lower() in _SUFFIXES and is_wanted(name)}
    files = {printable(name): file for name, file in tables.items() if not file.is_dir()}
    for file in files.values():
        require_regular_file(file)
    return files


def _require_one_configuration(path: Path, files: Mapping[str, Path]) -> None:
    if not files:
        raise unusable(path, "*.parquet or *.arrow files", "none", "Put them into the folder.")
    folders = {"/".join(part for part in name.split("/")[:-1] if not _part_words(part)): name for name in files}
    if len(folders) > 1:
        received = list_names(repr(folder) if folder else "the folder itself" for folder in sorted(folders))
        raise unusable(path, "one configuration of a data set, in one folder", f"tables in {received}", _ONE_FOLDER)


def _require_alike(path: Path, columns: Mapping[str, str], labels: Mapping[str, TableLabels]) -> None:
    """Raise a DataError unless all files have the same columns, and all or none name their numbered classes."""
    kinds = {
        "pictures in columns of one name": (columns, _ALIKE),
        "labels in columns of one name": ({name: of.column for name, of in labels.items() if of.column}, _ALIKE),
        "class names in the metadata of all files, or of none": (
            {name: "names" if of.names else "no names" for name, of in labels.items() if of.is_numbered},
            _NAME_ALL,
        ),
    }
    for expected, (found, remedy) in kinds.items():
        first = {value: name for name, value in reversed(found.items())}
        if len(first) > 1:
            received = " and ".join(f"{value} in {name}" for value, name in sorted(first.items()))
            raise unusable(path, expected, received, remedy)


def _describe_unused(
    files: Mapping[str, Path], columns: Mapping[str, str], labels: Mapping[str, TableLabels]
) -> tuple[str, ...]:
    used = {*columns.values(), *(of.column for of in labels.values())}
    unused = {field.name for file in files.values() for field in _read_file(file, read_schema)} - used
    return (f"columns that are not used: {list_names(sorted(unused))}",) if unused else ()


def _part_words(name: str) -> list[str]:
    return [word for word in re.split("[^a-z]+", name.lower()) if word in PART_NAMES]


def _is_test(name: str) -> bool:
    words = _part_words(name)
    return bool(words) and words[-1] in TEST_NAMES


def _part_name(name: str) -> str:
    """Return the last word that names a part, else the file's name without its shard number."""
    words = _part_words(name)
    return words[-1] if words else re.sub(r"(-\d+)?(-of-\d+)?\.[^.]*$", "", name.rpartition("/")[2])


def _references(name: str, runs: list[Run], reader: RowReader, labels: np.ndarray) -> list[SampleRef]:
    test = _is_test(name)
    rows = ((run, row) for run in runs for row in range(run.rows))
    return [
        SampleRef(f"{name}:{at}", partial(_load, reader, run, row), label, test)
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


def _picture_column(file: Path) -> str:
    schema = read_schema(file)
    candidates = [field.name for field in schema if _holds_pictures(field.type)]
    if "image" in candidates:
        return "image"
    if len(candidates) != 1:
        received = ", ".join(f"{field.name}: {field.type}" for field in schema)
        remedy = "Rename the column of the pictures to image: table.rename_columns({'its name': 'image'})."
        raise unusable(file, "a column `image`, or only one, of encoded pictures", received, remedy)
    return candidates[0]


def _holds_pictures(kind: pa.DataType) -> bool:
    if types.is_struct(kind):
        return any(field.name == "bytes" and _holds_pictures(field.type) for field in kind)
    return types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind)


def _read_file(file: Path, read: Callable[[Path], T]) -> T:
    try:
        return read(file)
    except _DAMAGE as error:
        raise unusable(file, "a table in a parquet or arrow file", str(error), _AGAIN) from None
