"""The one shape that all samples get: as asked for, and derived from the pictures where it was not.

Up to 100 pictures, evenly spaced over the source, are looked at; of files the header alone. Let h and w be the (lower)
medians of their heights and widths as a viewer shows them. Then, where height or width is null:

    max(h, w) ≤ 128, or arrays that are all of one size     h × w, at least 4
    otherwise                                               square, of the side that was set, or 64

Where channels is null: 3 where any of them has colour, else 1. Opacity is kept only where it is asked for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median_low

import numpy as np

from ganops.config import DataPreparationParameters, PictureLimits
from ganops.data.decoding import read_shape
from ganops.data.sources.source import Reference, UnreadablePicture

_PROBED = 100
_LARGEST_KEPT_SIDE = 128
_SIDE_OF_LARGE = 64
_LEAST_SIDE = 4


@dataclass(frozen=True)
class SampleShape:
    """Of every sample, and why: the formula with its numbers."""

    channels: int
    height: int
    width: int
    rule: str


class NothingReadable(Exception):
    """No picture has a size; `skipped` holds the name of each and its reason."""

    def __init__(self, skipped: list[tuple[str, str]]) -> None:
        super().__init__()
        self.skipped = skipped


def sample_shape(references: Sequence[Reference], parameters: DataPreparationParameters) -> SampleShape:
    """The shape by the module's formula; NothingReadable where it takes a picture and there is none."""
    asked = (parameters.channels, parameters.height, parameters.width)
    if None not in asked:
        return SampleShape(*asked, rule="as set")  # type: ignore[arg-type]
    probed = _probe(references, parameters.limits)
    channels, of_channels = _channels(asked[0], probed)
    height, width, of_size = _size(asked[1], asked[2], probed)
    return SampleShape(channels, height, width, f"{of_size}; {of_channels}")


@dataclass(frozen=True)
class _Probed:
    """Height, width and channels of each picture that was looked at."""

    shapes: list[tuple[int, ...]]
    arrays: bool

    @property
    def of_one_size(self) -> bool:
        return self.arrays and len({shape[:2] for shape in self.shapes}) == 1


def spaced(references: Sequence[Reference]) -> list[Reference]:
    """Return up to 100 of the references, evenly spaced."""
    positions = np.unique(np.linspace(0, len(references) - 1, _PROBED).round().astype(int)) if references else []
    return [references[i] for i in positions]


def _probe(references: Sequence[Reference], limits: PictureLimits) -> _Probed:
    skipped: list[tuple[str, str]] = []
    found = list(_readable(spaced(references), skipped, limits))
    if not found:  # All of those were bad; the rest may not be.
        skipped.clear()
        found = list(islice(_readable(references, skipped, limits), _PROBED))
    if not found:
        raise NothingReadable(skipped)
    return _Probed([shape for shape, _ in found], all(is_array for _, is_array in found))


def _readable(
    references: Sequence[Reference], skipped: list[tuple[str, str]], limits: PictureLimits
) -> Iterator[tuple[tuple[int, ...], bool]]:
    for reference in references:
        try:
            content = reference.load()
            yield (read_shape(content, limits), False) if isinstance(content, bytes) else (content.shape, True)
        except UnreadablePicture as error:
            skipped.append((reference.name, str(error)))


def _channels(asked: int | None, probed: _Probed) -> tuple[int, str]:
    if asked is not None:
        return asked, "channels as set"
    coloured = sum(shape[2] >= 3 for shape in probed.shapes)
    return (3 if coloured else 1), f"channels: {coloured} of {len(probed.shapes)} pictures looked at have colour"


def _size(height: int | None, width: int | None, probed: _Probed) -> tuple[int, int, str]:
    if height is not None and width is not None:
        return height, width, "height and width as set"
    h, w = (median_low([shape[axis] for shape in probed.shapes]) for axis in (0, 1))
    medians = f"median {h} × {w} of {len(probed.shapes)} pictures looked at"
    if probed.of_one_size or max(h, w) <= _LARGEST_KEPT_SIDE:
        why = "all arrays of one size" if probed.of_one_size else f"at most {_LARGEST_KEPT_SIDE}"
        return height or max(h, _LEAST_SIDE), width or max(w, _LEAST_SIDE), f"{medians}, {why}: kept where null"
    side = height or width or _SIDE_OF_LARGE
    return side, side, f"{medians}, more than {_LARGEST_KEPT_SIDE}: square"
