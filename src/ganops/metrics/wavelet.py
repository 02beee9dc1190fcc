"""Fréchet Wavelet Distance: pictures compared frequency band by frequency band, without any network.

Veeramacheneni, Wolter, Kuehne & Gall 2023, "Fréchet Wavelet Distance: a domain-agnostic metric for image generation",
section 3: the Haar wavelet packets of the pictures, for each packet the Fréchet distance between the normal
distributions of its coefficients (all positions and channels), and the mean over the packets:

    FWD = 1 / 4^L · Σ_p d²(μ_p, Σ_p; μ'_p, Σ'_p)

Pixels are levels / 255, wavelets orthonormal: a packet is a Walsh function on blocks of 2^L × 2^L pixels. The distance
falls as the number of samples grows, and depends on the level: only values at equal counts and level are comparable.

The level L is the largest at which the shorter side of a packet has at least 4 coefficients, but at least 1: 28 → 2,
32 → 3, 64 to 127 → 4, 256 → 6. A packet then has so few coefficients that some hundred samples determine their
covariance. (The paper has level 4 for its 256 × 256, hence 256 coefficients for each channel.) A side that 2^L does not
divide is mirrored below and to the right until it does.
"""

import math

import numpy as np
from jaxtyping import Float64, UInt8
from scipy.linalg import hadamard

from ganops.metrics.fid import frechet_distance
from ganops.metrics.moments import Moments, merge, moments_of

_SMALLEST_SIDE = 4
_WHITE = 255
# Coefficients at once, as float64.
_NUMBERS_AT_ONCE = 4_000_000


def packet_level(height: int, width: int) -> int:
    """Return the level L of pictures of this size."""
    return max(1, math.floor(math.log2(min(height, width) / _SMALLEST_SIDE)))


def padded_size(height: int, width: int) -> tuple[int, int]:
    """Return the sides of the mirrored pictures: the next multiples of 2^L."""
    block = 2 ** packet_level(height, width)
    return -(-height // block) * block, -(-width // block) * block


def packets(images: UInt8[np.ndarray, "n channels height width"]) -> Float64[np.ndarray, "packets n coefficients"]:
    """Return the coefficients of all 4^L packets, in the order of the Walsh functions of Hadamard's matrix."""
    height, width = images.shape[2:]
    tall, broad = padded_size(height, width)
    mirrored = np.pad(images, ((0, 0), (0, 0), (0, tall - height), (0, broad - width)), mode="symmetric")
    side = 2 ** packet_level(height, width)
    blocks = mirrored.reshape(*images.shape[:2], tall // side, side, broad // side, side) / _WHITE
    walsh = hadamard(side) / math.sqrt(side)
    coefficients = np.einsum("vx,nchywx->vnchyw", walsh, blocks, optimize=True)
    coefficients = np.einsum("uy,vnchyw->uvnchw", walsh, coefficients, optimize=True)
    return coefficients.reshape(side**2, len(images), -1)


def packet_moments(images: UInt8[np.ndarray, "n channels height width"]) -> Moments:
    """Return the moments of every packet, (4^L, D) and (4^L, D, D); memory does not grow with n."""
    rows = max(1, _NUMBERS_AT_ONCE // images[0].size)
    return merge(moments_of(packets(images[start : start + rows])) for start in range(0, len(images), rows))


def wavelet_distance(first: Moments, second: Moments) -> float:
    """Return the mean over the packets of their Fréchet distances; symmetric and ≥ 0.

    Raises:
        MetricError: a set has fewer than two pictures, or the sets have pictures of different shapes.
    """
    pairs = zip(first.split(), second.split(), strict=True)
    return float(np.mean([frechet_distance(mine, theirs) for mine, theirs in pairs]))
