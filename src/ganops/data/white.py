"""The stored value that is white, and the scaling to bytes by it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Integer, UInt8

BYTE, WORD = 255, 65535
# A smaller maximum may also mean few bits or class indices.
LEAST_SURE = 32


class UnknownWhite(Exception):
    """A 16-bit picture was found although none was expected: its white value has not been derived."""


@dataclass(frozen=True)
class White:
    """The value that is white in pictures of 8 bits, and in those of 16; None: not known."""

    byte: int = BYTE
    word: int | None = WORD


FULL_RANGE = White()


def scale(values: Integer[np.ndarray, "..."], white: int | None) -> UInt8[np.ndarray, "..."]:
    """Scale values from 0 to 65535 to bytes: round(255 v / white), halves upwards; above `white` they become 255.

    Raises:
        UnknownWhite: `white` is None.
    """
    if white is None:
        raise UnknownWhite
    return _table(white)[values]


@lru_cache
def _table(white: int) -> UInt8[np.ndarray, "65536"]:
    values = np.minimum(np.arange(WORD + 1), white)
    return ((2 * BYTE * values + white) // (2 * white)).astype(np.uint8)


def to_bytes(
    pixels: Integer[np.ndarray, "height width channels"], white: White
) -> UInt8[np.ndarray, "height width channels"]:
    """Scale pixels of 8 or 16 bits to bytes. The opacity of 8 bits stays as it is: opaque is 255."""
    if pixels.dtype != np.uint8:
        return scale(pixels, white.word)
    if white.byte == BYTE:
        return pixels
    colours = count_colours(pixels.shape[2])
    return np.concatenate([scale(pixels[:, :, :colours], white.byte), pixels[:, :, colours:]], axis=2)


def count_colours(channels: int) -> int:
    """Count the colours among 1 to 4 channels; the rest is opacity."""
    return 1 if channels < 3 else 3
