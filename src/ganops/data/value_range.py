"""Finds which stored value is white: as set, or derived from the pictures where `data_preparation.white` is null.

Cameras, microscopes and scanners store 10, 12 or 14 bits in pictures of 16; masks and line drawings are often stored as
0 and 1. Read as full range, all of these are black. Let m be the largest value of a colour (opacity does not count):

    8 bits      m ≥ 32: 255                    m = 1: 1
    16 bits     m ≥ 32: the least of 255, 1023, 4095, 16383 and 65535 that is not below m     m = 1: 1

An m from 2 to 31 is in doubt (few bits, numbers of classes, or night) and an error: the user has to set it. Up to 100
pictures, evenly spaced, are read. All are, where some of these have 16 bits, where none reaches 32, or where 16 bits
turn up later among the others.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ganops.config import DataPreparationParameters, PictureLimits
from ganops.data.decoding import Peak, find_peak, is_deep
from ganops.data.parallel import map_in_order
from ganops.data.shape import spaced
from ganops.data.sources.source import Reference, UnreadablePicture
from ganops.data.white import BYTE, FULL_RANGE, LEAST_SURE, WORD, White, count_colours
from ganops.errors import DataError

_FULL_SCALES = (255, 1023, 4095, 16383, 65535)


@dataclass(frozen=True)
class ValueRange:
    """The values that are white, and the rule with its numbers.

    Attributes:
        assumes_bytes: whether no picture of 16 bits is expected, since none of those that were read has them.
    """

    white: White
    rule: str
    assumes_bytes: bool = False

    @property
    def known(self) -> White:
        """What is white in the pictures that are expected."""
        return replace(self.white, word=None) if self.assumes_bytes else self.white


def find_value_range(
    references: Sequence[Reference], parameters: DataPreparationParameters, workers: int, *, of_all: bool = False
) -> ValueRange:
    """Find the range by the module's rule; DataError where it is in doubt.

    Args:
        of_all: whether all pictures are read, whatever the first few are.
    """
    if parameters.white is not None:
        return ValueRange(White(min(parameters.white, BYTE), parameters.white), "as set")
    probed = spaced(references)
    if not of_all and not _is_in_doubt(probed, parameters.limits):
        rule = f"the full range of 8 bits, by {len(probed)} pictures looked at"
        return ValueRange(FULL_RANGE, rule, assumes_bytes=True)
    found = map_in_order(lambda reference: _peak(reference, parameters.limits), references, workers)
    return _derive([peak for peak in found if peak is not None])


def _is_in_doubt(references: Sequence[Reference], limits: PictureLimits) -> bool:
    if any(_are_deep(references, limits)):
        return True
    peaks = (_peak(reference, limits) for reference in references)
    return not any(peak.value >= LEAST_SURE for peak in peaks if peak is not None)


def _are_deep(references: Iterable[Reference], limits: PictureLimits) -> Iterator[bool]:
    for reference in references:
        try:
            content = reference.load()
            yield is_deep(content, limits) if isinstance(content, bytes) else content.dtype != np.uint8
        except UnreadablePicture:
            yield False


def _peak(reference: Reference, limits: PictureLimits) -> Peak | None:
    try:
        content = reference.load()
        if isinstance(content, bytes):
            return find_peak(content, limits)
        colours = content[:, :, : count_colours(content.shape[2])]
        return Peak(int(colours.max(initial=0)), content.dtype != np.uint8)
    except UnreadablePicture:
        return None


def _derive(peaks: Sequence[Peak]) -> ValueRange:
    white, rules = {False: BYTE, True: WORD}, []
    for deep, bits in ((False, 8), (True, 16)):
        values = [peak.value for peak in peaks if peak.deep is deep]
        if values:
            white[deep] = _full_scale(max(values), deep, len(values))
            rules.append(f"{white[deep]}, for no value is above {max(values)} in {len(values)} pictures of {bits} bits")
    return ValueRange(White(white[False], white[True]), "; ".join(rules) or "no picture can be read")


def _full_scale(peak: int, deep: bool, pictures: int) -> int:
    if peak == 0:
        return WORD if deep else BYTE
    if 1 < peak < LEAST_SURE:
        raise DataError(
            "the raw pictures",
            expected=f"values of {LEAST_SURE} or more, or of 0 and 1 alone",
            received=f"none above {peak} in {pictures} pictures",
            remedy=f"Set data_preparation.white to the value that is white: {peak} makes the brightest one white, 255 "
            "keeps them as dark as they are.",
        )
    return 1 if peak == 1 else next(scale for scale in _FULL_SCALES if scale >= peak)
