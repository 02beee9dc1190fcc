"""Pictures that look the same though their pixels differ: another quality of JPEG, another brightness, scaled and back.

Candidates are found by perceptual hashes (Zauner 2010, "Implementation and benchmarking of perceptual image hash
functions", section 3.2.1): of the grey picture the 8 × 8 lowest coefficients of the cosine transform, without the
first, each a bit that says whether it lies above their median. Hashes alone take one digit for another of the same
shape; so the coefficients themselves, scaled to unit length, must lie near one another as well.

Of 10,000 MNIST digits, of which none is a copy, hashes alone report 1,493 and both tests together 51; of 6,000 small
photographs 6 and none. Of copies as JPEG of quality 75 the tests find 90 % (clothes in grey) to 99 % (photographs).
What was moved by a pixel or mirrored is no twin.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int64, UInt8, UInt64

LARGEST_DISTANCE = 2
LARGEST_DIFFERENCE = 0.1
_SIDE = 8
_BITS = _SIDE * _SIDE - 1
_PAIRS_SHOWN = 20
_ROWS_AT_ONCE = 256
# Two hashes that differ in two bits agree in at least two of four bands.
_BANDS = [np.uint64((1 << stop) - (1 << start)) for start, stop in ((0, 16), (16, 32), (32, 48), (48, 63))]
_NEIGHBOURS_MET = 1000
# Of red, green, blue, in thousandths (ITU-R BT.601), so that the sum is exact.
_LUMA = np.array([299, 587, 114], dtype=np.int64)
_GREY_LEVEL = 1000


@dataclass(frozen=True)
class NearDuplicates:
    """How many samples have a near twin, and the first pairs: two rows and the number of bits that differ."""

    samples: int
    first: tuple[tuple[int, int, int], ...]


def near_twins(
    images: UInt8[np.ndarray, "total channels height width"], rows: Int64[np.ndarray, " n"]
) -> NearDuplicates:
    """The near twins among the samples at `rows`, which should hold no exact duplicates.

    Time grows with n log n, memory by a quarter of a kilobyte a sample. Flat pictures, whose coefficients stay within
    one grey level, have no structure to compare and no twins. Bounded also where thousands look alike: of samples that
    share two bands of their hashes, each meets the 1,000 next.

    Returns:
        counts and pairs (i, j), i < j, in ascending order; nothing of it depends on the machine's cores.
    """
    hashes, directions = perceptual_hashes(images, rows)
    structured = np.flatnonzero(directions.any(axis=1))
    hashes, directions, rows = hashes[structured], directions[structured], rows[structured]
    flagged = np.flatnonzero(_have_twin(hashes, directions))
    pairs = _first_pairs(hashes[flagged], directions[flagged])
    first = tuple((int(rows[flagged[i]]), int(rows[flagged[j]]), distance) for i, j, distance in pairs)
    return NearDuplicates(len(flagged), first)


def perceptual_hashes(
    images: UInt8[np.ndarray, "total channels height width"], rows: Int64[np.ndarray, " n"]
) -> tuple[UInt64[np.ndarray, " n"], Float[np.ndarray, "n bits"]]:
    """Of each sample the hash, 63 bits, and its coefficients as a unit vector; zeros for a flat picture.

    Pictures with a side below 8 have fewer coefficients.
    """
    left, right = _cosines(images.shape[2]), _cosines(images.shape[3])
    hashes = np.zeros(len(rows), dtype=np.uint64)
    directions = np.zeros((len(rows), len(left) * len(right) - 1), dtype=np.float32)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        at = slice(start, start + _ROWS_AT_ONCE)
        hashes[at], directions[at] = _hash(left @ _grey(images[rows[at]]) @ right.T, images.shape[2:])
    return hashes, directions


def _cosines(size: int) -> np.ndarray:
    """The first rows of the orthonormal DCT-II of `size` values."""
    rows = np.arange(min(_SIDE, size))[:, np.newaxis]
    scale = np.where(rows == 0, np.sqrt(1 / size), np.sqrt(2 / size))
    return scale * np.cos(np.pi / size * rows * (np.arange(size) + 0.5))


def _grey(pixels: np.ndarray) -> np.ndarray:
    """Thousandths of a grey level, exact; transparent parts are white."""
    colours = pixels[:, : 1 if pixels.shape[1] < 3 else 3].astype(np.int64)
    grey = colours[:, 0] * _GREY_LEVEL if colours.shape[1] == 1 else np.einsum("nchw,c->nhw", colours, _LUMA)
    if pixels.shape[1] % 2 == 0:
        opacity = pixels[:, -1].astype(np.int64)
        grey = (grey * opacity + 255 * _GREY_LEVEL * (255 - opacity)) // 255
    return grey.astype(np.float64)


def _hash(coefficients: np.ndarray, size: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    # Rounded, because sums of other orders differ in their last bits, and a median would tell them apart.
    values = coefficients.reshape(len(coefficients), -1)[:, 1:].round(3)
    bits = (values > np.median(values, axis=1, keepdims=True)).astype(np.uint64)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    structured = length > _GREY_LEVEL * np.sqrt(np.prod(size))
    hashes = (bits << np.arange(values.shape[1], dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
    return hashes, np.where(structured, values / np.where(structured, length, 1), 0).astype(np.float32)


def _have_twin(hashes: np.ndarray, directions: np.ndarray) -> Bool[np.ndarray, " n"]:
    flagged = np.zeros(len(hashes), dtype=bool)
    for one, other in combinations(_BANDS, 2):
        for i, j in _neighbours(hashes & (one | other)):
            new = np.flatnonzero(~(flagged[i] & flagged[j]))
            found = new[_are_twins(hashes, directions, i[new], j[new])]
            flagged[i[found]] = flagged[j[found]] = True
    return flagged


def _neighbours(keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of positions with equal keys: first each with the next one, then with the one after that, and so on."""
    order = np.argsort(keys, kind="stable")
    ordered, starts = keys[order], np.arange(len(keys))
    for step in range(1, _NEIGHBOURS_MET + 1):
        starts = starts[starts + step < len(keys)]
        starts = starts[ordered[starts] == ordered[starts + step]]
        if not len(starts):
            return
        yield order[starts], order[starts + step]


def _are_twins(hashes: np.ndarray, directions: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    near = np.bitwise_count(hashes[i] ^ hashes[j]) <= LARGEST_DISTANCE
    near[near] = np.linalg.norm(directions[i[near]] - directions[j[near]], axis=1) <= LARGEST_DIFFERENCE
    return near


def _first_pairs(hashes: np.ndarray, directions: np.ndarray) -> list[tuple[int, int, int]]:
    pairs: list[tuple[int, int, int]] = []
    for i in range(len(hashes)):
        later = np.arange(i + 1, len(hashes))
        twins = later[_are_twins(hashes, directions, np.full(len(later), i), later)]
        pairs += [(i, int(j), int(np.bitwise_count(hashes[i] ^ hashes[j]))) for j in twins]
        if len(pairs) >= _PAIRS_SHOWN:
            break
    return pairs[:_PAIRS_SHOWN]
