"""The result of a source: references to pictures that are read later, or an array of samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Int64, Shaped

from ganops.config import FieldName
from ganops.data.store import NO_CLASS


class UnreadablePicture(Exception):
    """One picture cannot be decoded; the message is the reason. The preparation counts these and reports the number."""


@dataclass(frozen=True)
class SampleRef:
    """Reference to one picture that has not been read yet.

    Attributes:
        name: file within the source.
        load: returns the bytes of a picture file, or pixels, uint8 or uint16 (height, width, channels) with 1 to 4
            channels; raises UnreadablePicture.
        label: class index, −1 without a label.
        test: whether it belongs to the data set's own test part.
        load_input: as `load`, of the picture that belongs to this one as its input; None: there is none.
    """

    name: str
    load: Callable[[], bytes | np.ndarray]
    label: int = NO_CLASS
    test: bool = False
    load_input: Callable[[], bytes | np.ndarray] | None = None


@dataclass(frozen=True)
class Source:
    """All pictures in a fixed order, and the names of their classes (empty: unlabelled).

    Attributes:
        references: the pictures.
        classes: names of the classes.
        classes_from: origin of the classes, for a message.
        ignored: names of files and folders that are never pictures, such as Thumbs.db.
        notes: for the user: how the files were read, the parts, and what is not used.
    """

    references: Sequence[SampleRef]
    classes: tuple[str, ...]
    classes_from: str = "labels"
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    of: ClassVar[str] = "pictures"
    """the word for its samples"""


@dataclass(frozen=True)
class ClipSource(Source):
    """Clips of sound, as files: `load` of each reference returns the bytes of a file."""

    of: ClassVar[str] = "clips"


@dataclass(frozen=True)
class TextLine:
    """One line of a text.

    Attributes:
        name: file and number of the line.
        text: without its end.
        problem: why it cannot be read; empty where it can.
    """

    name: str
    text: str
    problem: str = ""


@dataclass(frozen=True)
class TextLines:
    """All lines of a text in a fixed order.

    Attributes:
        lines: the lines.
        ignored: names of files that are not read.
    """

    lines: Sequence[TextLine]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArraySamples:
    """Samples that are stored unchanged.

    Attributes:
        name: name of the data set; sample i is called name:i.
        field: the field that the samples fill.
        values: in the field's stored dtype.
        labels: class indices, −1 without classes.
        classes: names of the classes; empty: unlabelled.
        sample_rate: of waves, in hertz; None for others.
    """

    name: str
    field: FieldName
    values: Shaped[np.ndarray, "samples *shape"]
    labels: Int64[np.ndarray, " samples"]
    classes: tuple[str, ...]
    sample_rate: int | None = None
