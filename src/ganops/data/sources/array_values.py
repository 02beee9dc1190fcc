"""Converts values of arrays to 8 or 16 bits; `value_range` decides later which value is white.

    unsigned bytes, 16 bits     unchanged
    booleans                    0 and 255
    other integers              of 8 bits where none is above 255, else of 16
    floats                      from 0 to 1: round(255 x); else rounded, if some are above 32 or all are whole

Negative values, values above 65535, NaN, and fractions whose largest is between 1 and 32 are refused, because their
meaning is ambiguous.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from jaxtyping import Shaped

from ganops.data.white import LEAST_SURE
from ganops.errors import DataError

Convert = Callable[[np.ndarray], np.ndarray]

_BYTES_AT_ONCE = 1 << 24
_REMEDY = (
    "Save bytes: (255 * x).round().astype('uint8') of values from 0 to 1, (127.5 * (x + 1)).round().astype('uint8') of "
    "those from -1 to 1, (255 * (x - x.min()) / (x.max() - x.min())).round().astype('uint8') of others."
)


def find_conversion(subject: str, values: Shaped[np.ndarray, "count ..."]) -> Convert:
    """Return the function that converts rows of `values` to uint8 or uint16; DataError: their meaning is ambiguous."""
    if values.dtype in (np.uint8, np.uint16):
        return np.asarray
    if values.dtype.kind == "b":
        return partial(_scale, factor=255)
    if values.dtype.kind not in "iuf":
        raise _unusable(subject, str(values.dtype))
    least, largest, whole = _range(values) if values.size else (0.0, 0.0, True)
    if not (least >= 0 and largest <= 65535):
        raise _unusable(subject, f"{values.dtype} from {least:g} to {largest:g}")
    if values.dtype.kind == "f" and largest <= 1:
        return partial(_scale, factor=255)
    if not whole and largest < LEAST_SURE:
        raise _unusable(subject, f"{values.dtype} with fractions from {least:g} to {largest:g}")
    return partial(_round, dtype=np.dtype(np.uint8 if round(largest) <= 255 else np.uint16))


def _range(values: np.ndarray) -> tuple[float, float, bool]:
    """Return the least and largest value, NaN where there is one, and whether all are whole; a few rows at a time."""
    rows = max(1, _BYTES_AT_ONCE // max(1, values[:1].nbytes))
    least, largest, whole = np.inf, -np.inf, True
    for start in range(0, len(values), rows):
        some = np.asarray(values[start : start + rows])
        least, largest = np.minimum(least, some.min()), np.maximum(largest, some.max())
        whole = whole and (some.dtype.kind != "f" or bool((some == np.floor(some)).all()))
    return float(least), float(largest), whole


def _scale(values: np.ndarray, factor: int) -> np.ndarray:
    return np.round(values * np.float64(factor)).astype(np.uint8)


def _round(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return (np.round(values) if values.dtype.kind == "f" else values).astype(dtype)


def _unusable(subject: str, received: str) -> DataError:
    expected = "whole numbers from 0 to 65535, or fractions from 0 to 1 or to 255"
    return DataError(subject, expected=expected, received=received, remedy=_REMEDY)
