"""Finds the shape of all samples: as set, and derived from the pictures where a parameter is null.

Up to 100 pictures, evenly spaced over the source, are sampled; of files only the header is read. Let h and w be the
(lower) medians of their heights and widths, orientation applied. Then, where height or width is null:

    max(h, w) ≤ 128, or arrays that are all of one size     h × w, at least 4
    otherwise                                               square, of the side that was set, or 64

Of a file that holds two pictures side by side (data_preparation.pairs), w is that of one of them.

Where channels is null: 3 if any of them has colour, else 1. Opacity is kept only if channels is set to 2 or 4.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median_low

import numpy as np

from ganops.data.decoding import read_shape
from ganops.data.sources.source import SampleRef, UnreadablePicture
from ganops.preparation_config import SIDE_BY_SIDE, DataPreparationParameters, PictureLimits

_PROBED = 100
_LARGEST_KEPT_SIDE = 128
_SIDE_OF_LARGE = 64
_LEAST_SIDE = 4


@dataclass(frozen=True)
class SampleShape:
    """The shape of every sample, and the rule by which it was derived, with its numbers."""

    channels: int
    height: int
    width: int
    rule: str


class NothingReadable(Exception):
    """No picture has a size; `skipped` holds the name of each and its reason."""

    def __init__(self, skipped: list[tuple[str, str]]) -> None:
        super().__init__()
        self.skipped = skipped


def find_sample_shape(references: Sequence[SampleRef], parameters: DataPreparationParameters) -> SampleShape:
    """Find the shape by the module's formula; NothingReadable if it needs a picture and none can be read."""
    fixed = (parameters.channels, parameters.height, parameters.width)
    if None not in fixed:
        return SampleShape(*fixed, rule="as set")  # type: ignore[arg-type]
    probed = _read_shapes(references, parameters)
    channels, channels_rule = _derive_channels(fixed[0], probed)
    height, width, size_rule = _derive_size(fixed[1], fixed[2], probed)
    return SampleShape(channels, height, width, f"{size_rule}; {channels_rule}")


@dataclass(frozen=True)
class _Shapes:
    """Height, width and channels of each sampled picture."""

    shapes: list[tuple[int, ...]]
    arrays: bool

    @property
    def same_size(self) -> bool:
        return self.arrays and len({shape[:2] for shape in self.shapes}) == 1


def pick_evenly(references: Sequence[SampleRef]) -> list[SampleRef]:
    """Return up to 100 of the references, evenly spaced."""
    positions = np.unique(np.linspace(0, len(references) - 1, _PROBED).round().astype(int)) if references else []
    return [references[i] for i in positions]


def median_pixels(references: Sequence[SampleRef], limits: PictureLimits) -> int:
    """Return the (lower) median of height · width of up to 100 pictures, as they are stored; 0 if none can be read."""
    shapes = [shape for shape, _ in _iterate_shapes(pick_evenly(references), [], limits)]
    return median_low([height * width for height, width, _ in shapes]) if shapes else 0


def _read_shapes(references: Sequence[SampleRef], parameters: DataPreparationParameters) -> _Shapes:
    skipped: list[tuple[str, str]] = []
    found = list(_iterate_shapes(pick_evenly(references), skipped, parameters.limits))
    if not found:  # All sampled pictures are unreadable; others may not be.
        skipped.clear()
        found = list(islice(_iterate_shapes(references, skipped, parameters.limits), _PROBED))
    if not found:
        raise NothingReadable(skipped)
    beside_another = 2 if parameters.pairs in SIDE_BY_SIDE else 1
    shapes = [(height, width // beside_another, channels) for (height, width, channels), _ in found]
    return _Shapes(shapes, all(is_array for _, is_array in found))


def _iterate_shapes(
    references: Sequence[SampleRef], skipped: list[tuple[str, str]], limits: PictureLimits
) -> Iterator[tuple[tuple[int, ...], bool]]:
    for reference in references:
        try:
            content = reference.load()
            yield (read_shape(content, limits), False) if isinstance(content, bytes) else (content.shape, True)
        except UnreadablePicture as error:
            skipped.append((reference.name, str(error)))


def _derive_channels(fixed: int | None, probed: _Shapes) -> tuple[int, str]:
    if fixed is not None:
        return fixed, "channels as set"
    coloured = sum(shape[2] >= 3 for shape in probed.shapes)
    return (3 if coloured else 1), f"channels: {coloured} of {len(probed.shapes)} sampled pictures have colour"


def _derive_size(height: int | None, width: int | None, probed: _Shapes) -> tuple[int, int, str]:
    if height is not None and width is not None:
        return height, width, "height and width as set"
    h, w = (median_low([shape[axis] for shape in probed.shapes]) for axis in (0, 1))
    medians = f"median {h} × {w} of {len(probed.shapes)} sampled pictures"
    if probed.same_size or max(h, w) <= _LARGEST_KEPT_SIDE:
        why = "all arrays of one size" if probed.same_size else f"at most {_LARGEST_KEPT_SIDE}"
        return height or max(h, _LEAST_SIDE), width or max(w, _LEAST_SIDE), f"{medians}, {why}: kept where null"
    side = height or width or _SIDE_OF_LARGE
    return side, side, f"{medians}, more than {_LARGEST_KEPT_SIDE}: square"
