"""Power near the Nyquist frequency, generated against real: what is seen as checks or as a grid of pixels.

A transposed convolution of stride 2 leaves a pattern of period 2: zeros between the values are not filtered away, and
so copies of the coarse picture stand around the Nyquist frequency (Odena et al. 2016, "Deconvolution and checkerboard
artifacts"; Durall et al. 2020, "Watch your up-convolution"). These lie, in units of it, around (0, 1), (1, 0) and
(1, 1): along rows, along columns, and the corner that holds a chessboard. The metric is

    10 log₁₀ (P + ε) / (P' + ε)

with the mean power P of the samples and P' of real pictures over the frequencies within an eighth of these three
points, over all channels, and ε = 1/12 level², the power of rounding to levels. 0: as real ones; above: checks or
noise; below: blur. Each picture is multiplied by a Hann window: without one the steps from its right edge to its left
one, and from its foot to its head, have more power there than the picture.
"""

import math

import numpy as np
from jaxtyping import Bool, Float64, UInt8

BAND = "within an eighth of the Nyquist frequency, Hann window"
_RADIUS = 1 / 8
_ROUNDING_POWER = 1 / 12
# Pixels at once, as complex numbers of 16 bytes.
_NUMBERS_AT_ONCE = 2_000_000


def nyquist_power(images: UInt8[np.ndarray, "n channels height width"]) -> float:
    """Return P in levels² for each frequency of an orthonormal transform; an odd side loses its last row or column."""
    rows = max(1, _NUMBERS_AT_ONCE // images[0].size)
    parts = (images[start : start + rows] for start in range(0, len(images), rows))
    return sum(len(part) * _mean_power(part) for part in parts) / len(images)


def nyquist_decibels(power: float, reference: float) -> float:
    """Return the ratio of two powers near the Nyquist frequency in decibels."""
    return 10 * math.log10((power + _ROUNDING_POWER) / (reference + _ROUNDING_POWER))


def _mean_power(images: np.ndarray) -> float:
    height, width = (side // 2 * 2 for side in images.shape[2:])
    amplitudes = np.fft.fft2(images[:, :, :height, :width] * _window(height, width), norm="ortho")
    return float((np.abs(amplitudes[:, :, _band(height, width)]) ** 2).mean())


def _window(height: int, width: int) -> Float64[np.ndarray, "height width"]:
    """Return the periodic Hann window, scaled to a mean square of 1: the power of white noise stays."""
    lines = (np.sin(np.pi * np.arange(side) / side) ** 2 for side in (height, width))
    window = np.outer(*lines)
    return window / np.sqrt((window**2).mean())


def _band(height: int, width: int) -> Bool[np.ndarray, "height width"]:
    (coarse_y, fine_y), (coarse_x, fine_x) = (_ends(side) for side in (height, width))
    return np.outer(fine_y, coarse_x | fine_x) | np.outer(coarse_y, fine_x)


def _ends(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which frequencies of an even side lie near 0, and which near the Nyquist frequency."""
    frequency = 2 * np.abs(np.fft.fftfreq(side))
    return frequency <= _RADIUS, frequency >= 1 - _RADIUS
