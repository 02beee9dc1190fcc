"""A data set whose pictures are rows of arrays, in one part or several."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped, UInt8

from ganops.data.sources.classes import normalize_name, order_classes
from ganops.data.sources.source import Reference, Source
from ganops.data.store import NO_CLASS
from ganops.errors import DataError

# As data sets call their parts; of these only the test part is held out.
TEST_NAMES = frozenset({"test", "testing"})
PART_NAMES = TEST_NAMES | {"train", "training", "val", "valid", "validation"}


@dataclass(frozen=True)
class Part:
    """Pictures of one kind: row i of `pictures` has row i of `labels`, whose values are those of the file.

    Args:
        name: of the pictures' file or array.
        test: whether it is the data set's own test part.
    """

    name: str
    pictures: UInt8[np.ndarray, "count height width channels"]
    labels: Shaped[np.ndarray, " labels"] | None
    test: bool


def source_of_parts(path: Path, parts: Sequence[Part], named: Callable[[Any], str] = str) -> Source:
    """All pictures, part after part; the classes are the different names of the labels.

    Args:
        path: where they come from, for the errors.
        named: the name of a class, from a label's value.

    Raises:
        DataError: no pictures, not as many labels as pictures, or labels in some of the parts alone.
    """
    for part in parts:
        if len(part.pictures) == 0:
            raise _unusable(path, f"pictures in {part.name}", "none")
    labels = {part.name: part.labels for part in parts}
    indices, classes = number_classes(path, labels, {part.name: len(part.pictures) for part in parts}, named)
    return Source([r for part in parts for r in _references(part, indices[part.name])], classes)


def number_classes(
    path: Path, labels: Mapping[str, np.ndarray | None], counts: Mapping[str, int], named: Callable[[Any], str] = str
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Of each part the class indices, −1 without labels, and the names of the classes, in the order of `classes.py`.

    Labels of one name are of one class.

    Raises:
        DataError: not as many labels as `counts` says, or labels in some of the parts alone.
    """
    given = {name: values for name, values in labels.items() if values is not None}
    if not given:
        return {name: np.full(count, NO_CLASS) for name, count in counts.items()}, ()
    if len(given) < len(labels):
        without = ", ".join(name for name in labels if name not in given)
        raise _unusable(path, "labels for every part, or for none", f"none for {without}")
    for name, values in given.items():
        if len(values) != counts[name]:
            raise _unusable(path, f"as many labels as {name} has pictures, {counts[name]}", str(len(values)))
    values, indices = np.unique(np.concatenate(list(given.values())), return_inverse=True)
    names = [normalize_name(named(value)) for value in values.tolist()]
    classes = order_classes(names)
    number_of = {name: number for number, name in enumerate(classes)}
    numbers = np.array([number_of[name] for name in names], dtype=np.int64)[indices]
    starts = np.cumsum([len(one) for one in given.values()])[:-1]
    return dict(zip(given, np.split(numbers, starts), strict=True)), classes


def _references(part: Part, labels: np.ndarray) -> list[Reference]:
    rows = enumerate(labels.tolist())
    return [Reference(f"{part.name}:{row}", partial(_row, part.pictures, row), k, part.test) for row, k in rows]


def _row(pictures: np.ndarray, row: int) -> np.ndarray:
    return np.array(pictures[row], subok=False)


def _unusable(path: Path, expected: str, received: str) -> DataError:
    remedy = "Copy the files again, as their publisher offers them, or leave the part out."
    return DataError(str(path), expected=expected, received=received, remedy=remedy)
