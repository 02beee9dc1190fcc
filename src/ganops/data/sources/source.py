"""What a source gives: references to pictures, which cost nothing until they are read, or samples that are ready."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, Shaped

from ganops.config import FieldName
from ganops.data.store import NO_CLASS


class UnreadablePicture(Exception):
    """One picture cannot be decoded; its text is the reason. Preparation counts these, a user meets the sum."""


@dataclass(frozen=True)
class Reference:
    """One picture that has not been read yet.

    Args:
        name: file within the source.
        load: the bytes of a picture file, or its pixels, uint8 or uint16 (height, width, channels) with 1 to 4
            channels; raises UnreadablePicture.
        label: class index, −1 without a label.
        test: whether it belongs to the data set's own test part.
    """

    name: str
    load: Callable[[], bytes | np.ndarray]
    label: int = NO_CLASS
    test: bool = False


@dataclass(frozen=True)
class Source:
    """All pictures in a fixed order, and the names of their classes (none: unlabelled).

    Args:
        classes_from: the origin of the classes, for a message.
        passed_over: names of files and folders that are never meant as pictures, such as Thumbs.db.
        notes: on how the files were read, for the user: the parts, and what is not used.
    """

    references: Sequence[Reference]
    classes: tuple[str, ...]
    classes_from: str = "labels"
    passed_over: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArraySamples:
    """Samples that are stored as they come.

    Args:
        name: of the data set; sample i is called name:i.
        field: what they are.
        values: of the field's stored dtype.
        labels: class indices, −1 without classes.
        classes: their names; none: unlabelled.
    """

    name: str
    field: FieldName
    values: Shaped[np.ndarray, "samples *shape"]
    labels: Int64[np.ndarray, " samples"]
    classes: tuple[str, ...]
