"""The Fréchet Wavelet Distance, step by step: Haar filters applied again and again to all bands, by Mallat's scheme.

Veeramacheneni et al. 2023, section 3; the matrix root of the Fréchet distance is SciPy's.
"""

import numpy as np
from scipy.linalg import sqrtm


def haar(signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Low-pass and high-pass of the last axis, downsampled by 2."""
    even, odd = signal[..., ::2], signal[..., 1::2]
    return (even + odd) / np.sqrt(2), (even - odd) / np.sqrt(2)


def packets(pictures: np.ndarray, level: int) -> list[np.ndarray]:
    """Decompose pictures (n, channels, height, width), the sides multiples of 2^level, into 4^level packets."""
    found = [pictures]
    for _ in range(level):
        rows = [band for one in found for band in haar(one)]
        found = [band.swapaxes(-1, -2) for one in rows for band in haar(one.swapaxes(-1, -2))]
    return found


def frechet(first: np.ndarray, second: np.ndarray) -> float:
    means, covariances = zip(*((one.mean(axis=0), np.cov(one, rowvar=False)) for one in (first, second)), strict=True)
    difference = means[0] - means[1]
    root = np.real(np.trace(np.asarray(sqrtm(covariances[0] @ covariances[1]))))
    return float(difference @ difference + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * root)


def distance(first: np.ndarray, second: np.ndarray, level: int) -> float:
    """Mean over the packets of levels from 0 to 1."""
    pairs = zip(packets(first / 255, level), packets(second / 255, level), strict=True)
    return float(np.mean([frechet(*(one.reshape(len(one), -1) for one in pair)) for pair in pairs]))
