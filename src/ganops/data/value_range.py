"""Finds the stored value that is white: as set, or derived from the pictures if `data_preparation.white` is null.

Cameras, microscopes and scanners store 10, 12 or 14 bits in pictures of 16; masks and line art are often stored as
0 and 1. Read as full range, all of these are black. Let m be the largest value of a colour (opacity does not count):

    8 bits      m ≥ 32: 255                    m = 1: 1
    16 bits     m ≥ 32: the least of 255, 1023, 4095, 16383 and 65535 that is not below m     m = 1: 1

An m from 2 to 31 is ambiguous (few bits, class indices, or night) and an error: the user has to set it. Up to 100
pictures, evenly spaced, are read. All are read if some of these have 16 bits, if none reaches 32, or if a picture of 16
bits is found later among the others.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ganops.data.decoding import Peak, find_peak, is_16_bit
from ganops.data.parallel import map_in_order
from ganops.data.shape import pick_evenly
from ganops.data.sources.source import SampleRef, UnreadablePicture
from ganops.data.white import BYTE, FULL_RANGE, LEAST_SURE, WORD, White, count_colours
from ganops.errors import DataError
from ganops.preparation_config import DataPreparationParameters, PictureLimits

_FULL_SCALES = (255, 1023, 4095, 16383, 65535)


@dataclass(frozen=True)
class ValueRange:
    """The values that are white, and the rule with its numbers.

    Attributes:
        white: the values.
        rule: a description for the report.
        assumes_bytes: whether 16-bit pictures are not expected, because none of those read has 16 bits.
    """

    white: White
    rule: str
    assumes_bytes: bool = False

    @property
    def known(self) -> White:
        """Return the value that is white in the pictures that are expected."""
        return replace(self.white, word=None) if self.assumes_bytes else self.white


def find_value_range(
    references: Sequence[SampleRef], parameters: DataPreparationParameters, workers: int, *, read_all: bool = False
) -> ValueRange:
    """Find the range by the module's rule; `read_all` reads all pictures, whatever the sampled ones contain.

    Raises:
        DataError: the range is ambiguous.
    """
    if parameters.white is not None:
        return ValueRange(White(min(parameters.white, BYTE), parameters.white), "as set")
    probed = pick_evenly(references)
    if not read_all and not _is_ambiguous(probed, parameters.limits):
        rule = f"the full range of 8 bits, by {len(probed)} sampled pictures"
        return ValueRange(FULL_RANGE, rule, assumes_bytes=True)
    found = map_in_order(lambda reference: _peak(reference, parameters.limits), references, workers)
    return _derive([peak for peak in found if peak is not None])


def _is_ambiguous(references: Sequence[SampleRef], limits: PictureLimits) -> bool:
    if any(_are_deep(references, limits)):
        return True
    peaks = (_peak(reference, limits) for reference in references)
    return not any(peak.value >= LEAST_SURE for peak in peaks if peak is not None)


def _are_deep(references: Iterable[SampleRef], limits: PictureLimits) -> Iterator[bool]:
    for reference in references:
        try:
            content = reference.load()
            yield is_16_bit(content, limits) if isinstance(content, bytes) else content.dtype != np.uint8
        except UnreadablePicture:
            yield False


def _peak(reference: SampleRef, limits: PictureLimits) -> Peak | None:
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
    for is_deep, bits in ((False, 8), (True, 16)):
        values = [peak.value for peak in peaks if peak.is_16_bit is is_deep]
        if values:
            white[is_deep] = _full_scale(max(values), is_deep, len(values))
            rules.append(
                f"{white[is_deep]}, because no value is above {max(values)} in {len(values)} pictures of {bits} bits"
            )
    return ValueRange(White(white[False], white[True]), "; ".join(rules) or "no picture can be read")


def _full_scale(peak: int, is_deep: bool, pictures: int) -> int:
    if peak == 0:
        return WORD if is_deep else BYTE
    if 1 < peak < LEAST_SURE:
        raise DataError(
            "the raw pictures",
            expected=f"values of {LEAST_SURE} or more, or only 0 and 1",
            received=f"none above {peak} in {pictures} pictures",
            remedy=f"Set data_preparation.white to the value that is white: {peak} makes the brightest value white, "
            "255 keeps the pictures as dark as they are.",
        )
    return 1 if peak == 1 else next(scale for scale in _FULL_SCALES if scale >= peak)
