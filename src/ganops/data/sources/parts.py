"""Makes the source of pictures that are rows of arrays, in one part or several, and turns labels into classes."""

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
from ganops.data.sources.source import Reference, Source
from ganops.data.store import NO_CLASS
from ganops.errors import DataError

# As data sets call their parts; of these only the test part is held out.
TEST_NAMES = frozenset({"test", "testing"})
PART_NAMES = TEST_NAMES | {"train", "training", "val", "valid", "validation"}


@dataclass(frozen=True)
class Labels:
    """The class of each row is names[indices[row]]; the index −1 is no label.

    Args:
        values: the publisher's numbers or texts of these classes, ascending.
    """

    indices: Int64[np.ndarray, " rows"]
    names: tuple[str, ...]
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Part:
    """Pictures of one kind: row i of `pictures` has row i of `labels`; None: none of them has a label.

    Args:
        name: of the pictures' file or array.
        test: whether it is the data set's own test part.
        convert: makes uint8 or uint16 of a picture's values.
    """

    name: str
    pictures: Shaped[np.ndarray, "count height width channels"]
    labels: Labels | None
    test: bool
    convert: Convert = np.asarray


def read_labels(values: Shaped[np.ndarray, " rows"], named: Callable[[Any], str] = str) -> Labels:
    """Make labels of integers, whole floats or texts; −1, NaN, "-1" and "" are no label.

    Args:
        named: the name of a class, from a label's value.

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


def source_of_parts(path: Path, parts: Sequence[Part], notes: Iterable[str] = ()) -> Source:
    """All pictures, part after part; the classes are the different names of the labels.

    Args:
        path: where they come from, for the errors.
        notes: of the source, before those that say what each part is for.

    Raises:
        DataError: no pictures, or not as many labels as pictures.
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

    The order is that of `classes.py`: the publisher's, where all parts agree on it. Labels of equal name are one class.

    Raises:
        DataError: not as many labels as `counts` says.
    """
    for name, of_part in labels.items():
        if of_part is not None and len(of_part.indices) != counts[name]:
            received = str(len(of_part.indices))
            raise _unusable(path, f"as many labels as {name} has pictures, {counts[name]}", received)
    classes = _ordered([of_part for of_part in labels.values() if of_part])
    index = {name: k for k, name in enumerate(classes)}
    return {name: _renumbered(labels[name], counts[name], index) for name in labels}, classes


def _ordered(labels: Sequence[Labels]) -> tuple[str, ...]:
    numbered = {pair for of_part in labels for pair in zip(of_part.names, of_part.values, strict=True)}
    value_of = dict(numbered)
    if len(value_of) < len(numbered) or len(set(map(type, value_of.values()))) > 1:
        return sort_classes(value_of)
    return order_classes(sorted(value_of, key=value_of.__getitem__))


def _renumbered(labels: Labels | None, count: int, index: Mapping[str, int]) -> np.ndarray:
    if labels is None:
        return np.full(count, NO_CLASS, dtype=np.int64)
    # The last stands for the index −1.
    return np.array([*(index[name] for name in labels.names), NO_CLASS], dtype=np.int64)[labels.indices]


def describe_parts(parts: Iterable[tuple[str, int, bool]]) -> tuple[str, ...]:
    """Return notes on the use of parts (name, pictures, test); none for a single part to train on."""
    uses = {"to train on": Counter(), "the test part": Counter()}
    for name, pictures, test in parts:
        uses["the test part" if test else "to train on"][name] += pictures
    if sum(map(len, uses.values())) == 1 and not uses["the test part"]:
        return ()
    return tuple(f"{use}: {list_names(f'{name} ({n})' for name, n in of.items())}" for use, of in uses.items() if of)


def _references(part: Part, labels: np.ndarray) -> list[Reference]:
    rows = enumerate(labels.tolist())
    return [Reference(f"{part.name}:{row}", partial(_row, part, row), k, part.test) for row, k in rows]


def _row(part: Part, row: int) -> np.ndarray:
    return part.convert(np.array(part.pictures[row], subok=False))


def _unusable(path: Path, expected: str, received: str) -> DataError:
    remedy = "Copy the files again, as their publisher offers them, or leave the part out."
    return unusable(path, expected, received, remedy)
