"""Metrics of the stored pictures themselves: no network, and so no training, has a part in them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from ganops.metrics.moments import Moments, merge
from ganops.metrics.spectrum import BAND, nyquist_decibels, nyquist_power
from ganops.metrics.wavelet import packet_level, packet_moments, padded_size, wavelet_distance


@dataclass(frozen=True)
class PixelStatistics:
    """Statistics of a set of pictures.

    Attributes:
        packets: moments of the coefficients of each wavelet packet.
        nyquist: mean power near the Nyquist frequency.
    """

    packets: Moments
    nyquist: float

    def compare(self, reference: "PixelStatistics") -> dict[str, float]:
        """Return the metrics of this set: PIXEL_METRICS of the report."""
        return {
            "fwd": wavelet_distance(self.packets, reference.packets),
            "nyquist_db": nyquist_decibels(self.nyquist, reference.nyquist),
        }


def measure_pictures(images: UInt8[np.ndarray, "n channels height width"]) -> PixelStatistics:
    """Return the statistics of some pictures."""
    return PixelStatistics(packet_moments(images), nyquist_power(images))


def describe_pictures(shape: tuple[int, ...]) -> dict[str, str]:
    """Return how pictures of this shape (channels, height, width) are measured."""
    height, width = shape[1:]
    tall, broad = padded_size(height, width)
    padding = "" if (tall, broad) == (height, width) else f", mirrored to {tall} × {broad}"
    return {"wavelet_packets": f"Haar of level {packet_level(height, width)}{padding}", "nyquist_band": BAND}


def merge_statistics(parts: Iterable[PixelStatistics | None]) -> PixelStatistics | None:
    """Return the statistics of the union of disjoint sets; None where a part has none."""
    known = list(parts)
    found = [part for part in known if part is not None]
    if not found or len(found) < len(known):
        return None
    counts = [part.packets.count for part in found]
    nyquist = sum(count * part.nyquist for count, part in zip(counts, found, strict=True)) / sum(counts)
    return PixelStatistics(merge(part.packets for part in found), nyquist)
