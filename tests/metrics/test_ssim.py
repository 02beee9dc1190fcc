"""Structural similarity against the paper's formula, written out for one window."""

import numpy as np
import pytest

from ganops.metrics.ssim import mean_ssim


def draw(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def window():
    places = np.arange(11) - 5
    weights = np.exp(-(places**2) / (2 * 1.5**2))
    weights = np.outer(weights, weights)
    return weights / weights.sum()


def test_it_is_the_formula_of_the_paper():
    """Equation 13. scikit-image leaves out a border of half a window: one position is left of 11 × 11 pixels."""
    one, other = draw(2, 1, 11, 11).astype(float)
    weights, (c1, c2) = window(), ((0.01 * 255) ** 2, (0.03 * 255) ** 2)
    (x,), (y,) = one, other
    mx, my = (weights * x).sum(), (weights * y).sum()
    vx, vy = (weights * x**2).sum() - mx**2, (weights * y**2).sum() - my**2
    cov = (weights * x * y).sum() - mx * my
    expected = (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    found = mean_ssim(one[None].astype(np.uint8), other[None].astype(np.uint8))
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("shape", [(2, 1, 28, 28), (3, 3, 16, 40), (1, 4, 5, 7)])
def test_it_is_one_for_equal_pictures_and_falls_with_noise(shape):
    pictures = draw(*shape)
    assert mean_ssim(pictures, pictures) == pytest.approx(1.0)
    noisy = (pictures.astype(int) + 40 * (np.indices(shape).sum(0) % 2)).clip(0, 255).astype(np.uint8)
    assert mean_ssim(pictures, noisy) < 0.99
