"""Files of masks: white where a picture is to be filled, black where it is known; stored as 255 and 0."""

import numpy as np
from jaxtyping import UInt8

from ganops.data.crop_and_resize import crop_and_resize
from ganops.data.decoding import decode, read_shape
from ganops.data.sources.source import UnreadablePicture
from ganops.preparation_config import DEFAULT_LIMITS, PictureLimits

# A value this far from black and white is neither. Soft edges and JPEG have some, a photograph has many.
_MARGIN, _MOST_BETWEEN = 64, 0.05
_MIDDLE = 128

Mask = UInt8[np.ndarray, "1 height width"]


def read_mask(
    content: bytes | np.ndarray,
    size: tuple[int, int],
    invert: bool = False,
    limits: PictureLimits = DEFAULT_LIMITS,
) -> Mask:
    """Return 255 in the hole and 0 elsewhere.

    Args:
        content: of a picture's file, or pixels (height, width, channels).
        size: height and width that the mask must have.
        invert: whether black is to be filled.
        limits: on the size of the picture.

    Raises:
        UnreadablePicture: it has another size, pixels that are transparent, or that are neither black nor white; it has
            no hole, or nothing else.
    """
    found = read_shape(content, limits)[:2] if isinstance(content, bytes) else content.shape[:2]
    if tuple(found) != size:
        raise UnreadablePicture(f"{found[0]} × {found[1]} pixels, where the pictures have {size[0]} × {size[1]}")
    return to_mask(decode(content, limits=limits) if isinstance(content, bytes) else content, invert)


def to_mask(pixels: UInt8[np.ndarray, "height width channels"], invert: bool = False) -> Mask:
    """Return 255 in the hole and 0 elsewhere; UnreadablePicture: as `read_mask`, whatever the size."""
    if pixels.shape[2] in (2, 4) and (pixels[:, :, -1] < 255).any():
        raise UnreadablePicture("transparent pixels, which are neither black nor white")
    grey = crop_and_resize(pixels, (1, *pixels.shape[:2]))
    between = float(((grey >= _MARGIN) & (grey <= 255 - _MARGIN)).mean())
    if between > _MOST_BETWEEN:
        raise UnreadablePicture(f"no mask: {between:.0%} of its pixels are neither black nor white")
    white = grey >= _MIDDLE
    if white.all() or not white.any():
        what = "nothing is known" if white.all() != invert else "there is no hole"
        raise UnreadablePicture(f"{'white' if white.all() else 'black'} alone: {what}")
    return ((white != invert) * np.uint8(255)).astype(np.uint8)
