"""Power near the Nyquist frequency: closed forms, and the upsampling that leaves checks."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from ganops.metrics import spectrum
from ganops.metrics.spectrum import nyquist_decibels, nyquist_power
from ganops.networks.resample import upsample2x

SIDE = 32
# Within an eighth of the Nyquist frequency there are 2 × 2 + 1 = 5 of 32 frequencies near 0 and, of both signs, near 1.
BAND = 3 * 5 * 5


def impulses(height: int) -> np.ndarray:
    """Grey pictures with one brighter pixel each, at every place.

    Their spectrum is flat: height² / pixels at each frequency but near 0, on average over the window's places.
    """
    pixels = SIDE * SIDE
    return (100 + height * np.eye(pixels)).reshape(pixels, 1, SIDE, SIDE).astype(np.uint8)


def smooth(seed: int, n: int = 64) -> np.ndarray:
    """Colour pictures without fine detail."""
    values = torch.from_numpy(np.random.default_rng(seed).normal(0, 1, (n, 3, 8, 8)))
    return to_levels(upsample2x(upsample2x(values)))


def to_levels(values: torch.Tensor) -> np.ndarray:
    return (128 + 40 * values).clamp(0, 255).round().to(torch.uint8).numpy()


def test_the_power_of_impulses_is_flat() -> None:
    assert nyquist_power(impulses(50)) == pytest.approx(50**2 / SIDE**2, rel=1e-9)


def test_a_chessboard_adds_its_power() -> None:
    """± a on n pixels has the power a² n, which a Hann window spreads to the next frequencies alone."""
    board = (np.indices((SIDE, SIDE)).sum(axis=0) % 2 * 6).astype(np.uint8)
    before, after = nyquist_power(impulses(50)), nyquist_power(impulses(50) + board)
    assert after == pytest.approx(before + 3**2 * SIDE**2 / BAND, rel=1e-9)
    expected = 10 * math.log10((after + 1 / 12) / (before + 1 / 12))
    assert nyquist_decibels(after, before) == pytest.approx(expected, rel=1e-12)
    assert expected > 10


@pytest.mark.parametrize("axis", [0, 1])
def test_stripes_of_one_pixel_count_as_a_chessboard_does(axis: int) -> None:
    stripes = (np.indices((SIDE, SIDE))[axis] % 2 * 6).astype(np.uint8)
    power = nyquist_power(impulses(50) + stripes)
    assert power == pytest.approx(50**2 / SIDE**2 + 3**2 * SIDE**2 / BAND, rel=1e-9)


def test_stripes_of_two_pixels_do_not_count() -> None:
    stripes = (np.indices((SIDE, SIDE))[1] // 2 % 2 * 6).astype(np.uint8)
    assert nyquist_power(100 + stripes[None, None]) == pytest.approx(0, abs=1e-20)


def test_equal_sets_differ_by_nothing_and_smooth_ones_by_little() -> None:
    first, second = (nyquist_power(smooth(seed)) for seed in (1, 2))
    assert nyquist_decibels(first, first) == 0
    assert abs(nyquist_decibels(first, second)) < 1
    assert nyquist_decibels(first, second) == pytest.approx(-nyquist_decibels(second, first))


def test_flat_pictures_have_the_power_of_rounding() -> None:
    flat, real = nyquist_power(np.full((4, 1, 8, 8), 7, np.uint8)), 10.0
    assert nyquist_decibels(flat, real) == pytest.approx(-10 * math.log10(12 * real + 1))


def test_a_transposed_convolution_and_blocks_raise_it_and_interpolation_does_not() -> None:
    """All of the same coarse maps; the kernel of the transposed convolution is uneven, as a random one is."""
    torch.manual_seed(0)
    maps = torch.from_numpy(np.random.default_rng(0).normal(0, 1, (64, 3, 8, 8)))
    maps = upsample2x(maps)
    kernel = torch.ones(3, 1, 4, 4, dtype=maps.dtype) / 4 * (1 + 0.3 * torch.randn(3, 1, 4, 4, dtype=maps.dtype))
    transposed = F.conv_transpose2d(maps, kernel, stride=2, padding=1, groups=3)
    blocks = maps.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    real = nyquist_power(smooth(1))
    checks, grid, even = (
        nyquist_decibels(nyquist_power(to_levels(one)), real) for one in (transposed, blocks, upsample2x(maps))
    )
    assert checks > 10 and grid > 5 and abs(even) < 1


def test_it_does_not_depend_on_chunks_and_odd_sides_lose_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 2, 9, 15), dtype=np.uint8)
    whole = nyquist_power(images)
    assert nyquist_power(images[:, :, :8, :14]) == whole
    monkeypatch.setattr(spectrum, "_NUMBERS_AT_ONCE", 3 * images[0].size)
    assert nyquist_power(images) == pytest.approx(whole, rel=1e-12)
