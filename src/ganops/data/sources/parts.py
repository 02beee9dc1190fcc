"""Builds the source of pictures that are rows of arrays, in one part or several, and converts labels to classes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64, Shaped

from ganops.data.sources.array_values import Convert
from ganops.data.sources.classes import normalize_name, order_classes, sort_classes
from ganops.data.sources.files import list_names, unusable
from ganops.data.sources.source import SampleRef, Source
from ganops.data.store import NO_CLASS
from ganops.errors import DataError

# Names that data sets use for their parts; only the test part is held out.
TEST_NAMES = frozenset({"test", "testing"})
PART_NAMES = TEST_NAMES | {"train", "training", "val", "valid", "validation"}


@dataclass(frozen=True)
class Labels:
    """The class of each row is names[indices[row]]; the index −1 means no label.

    Attributes:
        indices: class of each row.
        names: names of the classes.
        values: the publisher's numbers or texts of these classes, ascending.
    """

    indices: Int64[np.ndarray, " rows"]
    names: tuple[str, ...]
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Part:
    """One part of a data set.

    Attributes:
        name: name of the pictures' file or array.
        pictures: the pictures; row i has row i of `labels`.
        labels: None: no picture has a label.
        test: whether it is the data set's own test part.
        convert: converts a picture's values to uint8 or uint16.
    """

    name: str
    pictures: Shaped[np.ndarray, "count height width channels"]
    labels: Labels | None
    test: bool
    convert: Convert = np.asarray


def read_labels(values: Shaped[np.ndarray, " rows"], named: Callable[[Any], str] = str) -> Labels:
    """Convert integers, whole floats or texts to labels; −1, NaN, "-1" and "" mean no label.

    Args:
        values: one per row.
        named: maps a label's value to the name of its class.

    Raises:
        ValueError: the values are of another kind.
    """
    if values.dtype.kind not in "biufU":
        raise ValueError(f"{values.dtype}")
    known = np.isin(values, ["", "-1"], invert=True) if values.dtype.kind == "U" else ~_is_missing_number(values)
    numbers = values[known]
    if numbers.dtype.kind in "bf":
        whole = numbers.astype(np.int64)
        if not np.array_equal(whole, numbers):
            raise ValueError("numbers that are not whole")
        numbers = whole
    distinct, positions = np.unique(numbers, return_inverse=True)
    indices = np.full(len(values), NO_CLASS, dtype=np.int64)
    indices[known] = positions
    different = tuple(distinct.tolist())
    return Labels(indices, tuple(normalize_name(named(value)) for value in different), different)


def _is_missing_number(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind in "bu":
        return np.zeros(len(values), dtype=bool)
    return (values == NO_CLASS) | (np.isnan(values) if values.dtype.kind == "f" else False)


def build_source_from_parts(path: Path, parts: Sequence[Part], notes: Iterable[str] = ()) -> Source:
    """Build the source of all pictures, part after part; the classes are the distinct names of the labels.

    Args:
        path: origin of the pictures, for the errors.
        parts: the parts.
        notes: notes of the source; those on the use of the parts are appended.

    Raises:
        DataError: no pictures, or the numbers of labels and pictures differ.
    """
    for part in parts:
        if len(part.pictures) == 0:
            raise _unusable(path, f"pictures in {part.name}", "none")
    labels = {part.name: part.labels for part in parts}
    indices, classes = number_classes(path, labels, {part.name: len(part.pictures) for part in parts})
    references = [r for part in parts for r in _references(part, indices[part.name])]
    uses = describe_parts([(part.name, len(part.pictures), part.test) for part in parts])
    return Source(references, classes, notes=(*notes, *uses))


def number_classes(
    path: Path, labels: Mapping[str, Labels | None], counts: Mapping[str, int]
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Return the class indices of each part, −1 without a label, and the names of the classes.

    The order is that of `classes.py`: the publisher's if all parts agree on it. Labels of equal name are one class.

    Raises:
        DataError: a part does not have `counts` labels.
    """
    for name, part_labels in labels.items():
        if part_labels is not None and len(part_labels.indices) != counts[name]:
            received = str(len(part_labels.indices))
            raise _unusable(path, f"as many labels as {name} has pictures, {counts[name]}", received)
    classes = _order_classes([part_labels for part_labels in labels.values() if part_labels])
    index = {name: k for k, name in enumerate(classes)}
    return {name: _renumber(labels[name], counts[name], index) for name in labels}, classes


def _order_classes(labels: Sequence[Labels]) -> tuple[str, ...]:
    numbered = {pair for part_labels in labels for pair in zip(part_labels.names, part_labels.values, strict=True)}
    value_of = dict(numbered)
    if len(value_of) < len(numbered) or len(set(map(type, value_of.values()))) > 1:
        return sort_classes(value_of)
    return order_classes(sorted(value_of, key=value_of.__getitem__))


def _renumber(labels: Labels | None, count: int, index: Mapping[str, int]) -> np.ndarray:
    if labels is None:
        return np.full(count, NO_CLASS, dtype=np.int64)
    # The last element is used by the index −1.
    return np.array([*(index[name] for name in labels.names), NO_CLASS], dtype=np.int64)[labels.indices]


def describe_parts(parts: Iterable[tuple[str, int, bool]]) -> tuple[str, ...]:
    """Return notes on the use of parts (name, pictures, test); none for a single training part."""
    uses = {"to train on": Counter(), "the test part": Counter()}
    for name, pictures, test in parts:
        uses["the test part" if test else "to train on"][name] += pictures
    if sum(map(len, uses.values())) == 1 and not uses["the test part"]:
        return ()
    return tuple(f"{use}: {list_names(f'{name} ({n})' for name, n in of.items())}" for use, of in uses.items() if of)


def _references(part: Part, labels: np.ndarray) -> list[SampleRef]:
    rows = enumerate(labels.tolist())
    return [SampleRef(f"{part.name}:{row}", partial(_row, part, row), k, part.test) for row, k in rows]


def _row(part: Part, row: int) -> np.ndarray:
    return part.convert(np.array(part.pictures[row], subok=False))


def _unusable(path: Path, expected: str, received: str) -> DataError:
    remedy = "Copy the files again, as their publisher offers them, or leave the part out."
    return unusable(path, expected, received, remedy)
