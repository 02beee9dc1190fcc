"""Wavelet packets against Mallat's scheme, and the Fréchet Wavelet Distance against closed forms."""

import numpy as np
import pytest

from ganops.errors import MetricError
from ganops.metrics import wavelet
from ganops.metrics.moments import Moments, merge
from ganops.metrics.wavelet import packet_level, packet_moments, packets, padded_size, wavelet_distance

from ..reference import wavelet as reference


def pictures(seed: int, n: int, shape: tuple[int, int, int], high: int = 256) -> np.ndarray:
    """Noise that is stronger where it is coarse: a row of blocks under finer ones."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, high // 2, (n, shape[0], shape[1] // 4 + 1, shape[2] // 4 + 1))
    coarse = coarse.repeat(4, axis=2).repeat(4, axis=3)[:, :, : shape[1], : shape[2]]
    return (coarse + generator.integers(0, high // 2, (n, *shape))).astype(np.uint8)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    return wavelet_distance(packet_moments(first), packet_moments(second))


@pytest.mark.parametrize(
    ("size", "level", "padded"),
    [
        ((4, 4), 1, (4, 4)),
        ((9, 10), 1, (10, 10)),
        ((28, 28), 2, (28, 28)),
        ((32, 48), 3, (32, 48)),
        ((64, 64), 4, (64, 64)),
        ((100, 70), 4, (112, 80)),
        ((127, 127), 4, (128, 128)),
        ((256, 256), 6, (256, 256)),
    ],
)
def test_the_level_keeps_four_coefficients_to_a_side(
    size: tuple[int, int], level: int, padded: tuple[int, int]
) -> None:
    assert (packet_level(*size), padded_size(*size)) == (level, padded)


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 32, 48), (2, 20, 16), (4, 8, 8)])
def test_packets_are_those_of_mallat_s_scheme(shape: tuple[int, int, int]) -> None:
    """In another order, and up to the sign, which changes no distance."""
    images, level = pictures(0, 3, shape), packet_level(*shape[1:])
    mine, theirs = packets(images), reference.packets(images / 255, level)
    assert len(mine) == len(theirs) == 4**level
    unmatched = [packet.reshape(3, -1) for packet in theirs]
    for packet in mine:
        found = [row for row, one in enumerate(unmatched) if np.allclose(np.abs(one), np.abs(packet), atol=1e-12)]
        assert len(found) == 1
        unmatched.pop(found[0])


def test_the_transform_keeps_the_energy() -> None:
    images = pictures(0, 3, (3, 32, 32))
    assert (packets(images) ** 2).sum() == pytest.approx(((images / 255) ** 2).sum(), rel=1e-12)


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 8, 12)])
def test_the_distance_is_that_of_the_reference(shape: tuple[int, int, int]) -> None:
    first, second = pictures(1, 200, shape), pictures(2, 150, shape, high=200)
    expected = reference.distance(first, second, packet_level(*shape[1:]))
    assert distance(first, second) == pytest.approx(expected, rel=1e-6)
    assert expected > 0.01


def test_pictures_that_do_not_divide_are_mirrored() -> None:
    images = pictures(0, 20, (1, 18, 17))
    whole = np.concatenate([images, images[:, :, :, :-4:-1]], axis=3)
    whole = np.concatenate([whole, whole[:, :, :-3:-1]], axis=2)
    assert whole.shape[2:] == padded_size(18, 17) == (20, 20)
    np.testing.assert_array_equal(packets(images), packets(whole))


def test_a_brighter_set_differs_in_the_low_pass_alone() -> None:
    """Each low-pass coefficient of a shift s is 2^L s: with D of them among 4^L packets the distance is D s²."""
    first = pictures(1, 100, (3, 16, 16), high=200)
    second = first + 51
    coefficients = 3 * 4 * 4
    assert distance(first, second) == pytest.approx(coefficients * (51 / 255) ** 2, rel=1e-6)
    moments = packet_moments(first), packet_moments(second)
    means = np.abs(moments[0].mean - moments[1].mean).max(axis=1)
    assert means[0] == pytest.approx(4 * 0.2) and means[1:].max() < 1e-12


def test_a_checkerboard_differs_in_the_finest_packet_alone() -> None:
    first = pictures(1, 100, (1, 16, 16), high=200)
    checks = np.indices((16, 16)).sum(axis=0) % 2 * 51
    moments = packet_moments(first), packet_moments(first + checks.astype(np.uint8))
    means = np.abs(moments[0].mean - moments[1].mean).max(axis=1)
    # A board of 0 and 51 is half a shift of 51, and half of it with alternating signs.
    assert np.count_nonzero(means > 1e-12) == 2
    np.testing.assert_allclose(means[means > 1e-12], 4 * 0.1)


def test_equal_sets_have_no_distance_and_order_does_not_matter() -> None:
    first, second = pictures(1, 60, (3, 16, 16)), pictures(2, 60, (3, 16, 16), high=200)
    between = distance(first, second)
    assert distance(first, first.copy()) < 1e-6 * between
    assert distance(second[::-1], first) == pytest.approx(between, rel=1e-6)


def test_moments_do_not_depend_on_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    images = pictures(1, 50, (3, 16, 16))
    whole = packet_moments(images)
    monkeypatch.setattr(wavelet, "_NUMBERS_AT_ONCE", 7 * images[0].size)
    parts = merge(map(packet_moments, (images[:3], images[3:])))
    assert parts.count == whole.count == 50
    np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(parts.covariance, whole.covariance, rtol=1e-9, atol=1e-12)


def test_one_picture_has_no_covariance() -> None:
    one = packet_moments(pictures(1, 1, (1, 8, 8)))
    assert isinstance(one, Moments)
    with pytest.raises(MetricError, match="at least 2 samples"):
        wavelet_distance(one, one)
