"""What every source of pictures gives: references that cost nothing until they are read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ganops.data.store import NO_CLASS


class UnreadablePicture(Exception):
    """One picture cannot be decoded; its text is the reason. Preparation counts these, a user meets the sum."""


@dataclass(frozen=True)
class Reference:
    """One picture that has not been read yet.

    Args:
        name: file within the source.
        load: the bytes of a picture file, or its pixels, uint8 (height, width, channels) with 1 to 4 channels; raises
            UnreadablePicture.
        label: class index, −1 without classes.
        test: whether it belongs to the data set's own test part.
    """

    name: str
    load: Callable[[], bytes | np.ndarray]
    label: int = NO_CLASS
    test: bool = False


@dataclass(frozen=True)
class Source:
    """All pictures in a fixed order, and the names of their classes (none: unlabelled)."""

    references: Sequence[Reference]
    classes: tuple[str, ...]
