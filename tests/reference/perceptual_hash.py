"""Near duplicates by the plain definition: every picture against every other. Zauner 2010, section 3.2.1."""

import numpy as np
from scipy.fft import dctn


def low_frequencies(picture: np.ndarray) -> np.ndarray:
    """Return the 63 lowest 8 × 8 coefficients, without the first, of a picture (channels, height, width), 0 … 255."""
    grey = picture[0] if len(picture) < 3 else 0.299 * picture[0] + 0.587 * picture[1] + 0.114 * picture[2]
    return np.asarray(dctn(grey.astype(float), norm="ortho"))[:8, :8].ravel()[1:]


def are_near(one: np.ndarray, other: np.ndarray) -> tuple[bool, int]:
    """Return whether at most two bits differ and the unit vectors are within 0.1, and the number of differing bits."""
    bits = [values > np.median(values) for values in (one, other)]
    difference = np.linalg.norm(one / np.linalg.norm(one) - other / np.linalg.norm(other))
    distance = int((bits[0] != bits[1]).sum())
    return bool(distance <= 2 and difference <= 0.1), distance


def find_near_duplicates(pictures: np.ndarray) -> tuple[int, list[tuple[int, int, int]]]:
    """Return how many pictures have a near duplicate, and all pairs with their distance."""
    values = [low_frequencies(picture) for picture in pictures]
    pairs = []
    for i in range(len(values)):
        for j in range(i + 1, len(values)):
            near, distance = are_near(values[i], values[j])
            if near:
                pairs.append((i, j, distance))
    return len({i for i, _, _ in pairs} | {j for _, j, _ in pairs}), pairs
