"""The trend of a distance: on curves whose law and noise are known."""

import math

import numpy as np
import pytest

from ganops.trend import describe_doubling, fit_trend, is_flat

TIMES = 6_000.0 * np.arange(1, 41)
CURVES = 40


def curves(law, noise, count=CURVES, times=TIMES):
    """Return curves of the law over shares of the last time, with lognormal noise."""
    errors = np.random.default_rng(0).standard_normal((count, len(times)))
    return law(times / times[-1]) * np.exp(noise * errors)


def fit(times, values):
    trend = fit_trend(times, values)
    assert trend is not None
    return trend


def stops(law, noise=0.05):
    """Return the share of curves that are flat at any time, and the median share of the images at which they are."""
    first = [
        next((TIMES[n - 1] / TIMES[-1] for n in range(6, len(TIMES) + 1) if is_flat(TIMES[:n], curve[:n])), math.nan)
        for curve in curves(law, noise)
    ]
    return np.mean(np.isfinite(first)), np.nanmedian([*first, math.nan if np.isfinite(first).any() else 2.0])


@pytest.mark.parametrize("exponent", [0.3, 0.5, 1.0])
def test_a_power_law_is_never_flat(exponent):
    assert stops(lambda share: share**-exponent)[0] == 0


def test_a_plateau_is_found_but_not_before_it_begins():
    found, when = stops(lambda share: np.maximum(1.0, (share / 0.25) ** -0.7))
    assert found >= 0.9
    assert 0.3 < when < 0.8


def test_a_distance_that_rises_is_flat():
    found, when = stops(lambda share: np.where(share < 0.3, (share / 0.3) ** -0.7, (share / 0.3) ** 0.4))
    assert found == 1
    assert 0.3 < when < 0.7


@pytest.mark.parametrize("values", [[], [1.0], [1.0] * 5, [1.0] * 9 + [0.0], [1.0] * 9 + [-1.0]])
def test_few_points_or_points_that_are_no_distance_are_never_flat(values):
    assert not is_flat(range(1, len(values) + 1), values)


def test_points_that_scatter_are_not_flat():
    scattered = curves(np.ones_like, 0.5, times=TIMES[:10])
    assert np.mean([is_flat(TIMES[:10], curve) for curve in scattered]) < 0.3


def test_a_law_without_noise_is_continued():
    for law in (lambda x: x**-0.5, lambda x: 0.4 + 0.6 * x**-1.0, lambda x: 2 + 0 * x):
        x = np.arange(1, 11) / 10
        median, low, high = fit(x, law(x)).predict_doubling()
        assert low < law(2.0) < high
        assert median == pytest.approx(law(2.0), rel=0.05)


def test_units_of_images_and_of_the_distance_do_not_matter():
    (values,) = curves(lambda x: x**-0.4, 0.05, count=1, times=TIMES[:10])
    one, other = fit(TIMES[:10], values), fit(1e-6 * TIMES[:10], 1e4 * values)
    assert other.predict_doubling() == pytest.approx([1e4 * value for value in one.predict_doubling()])
    assert other.probability_flat() == pytest.approx(one.probability_flat())


@pytest.mark.parametrize("points", [5, 10])
def test_the_interval_holds_four_measurements_in_five(points):
    """Over curves that are drawn from the prior; for a single law the share may be another one."""
    generator, held = np.random.default_rng(points), 0
    shares, trials = np.arange(1, points + 1) / points, 200
    for _ in range(trials):
        exponent, floor = generator.uniform(-0.5, 1.5), generator.uniform(0, 0.9) * (generator.uniform() > 0.3)
        law = lambda x: floor + (1 - floor) * x**-exponent  # noqa: B023, E731
        noise = 0.05 * generator.standard_normal(points + 1)
        _, low, high = fit(shares, law(shares) * np.exp(noise[1:])).predict_doubling()
        held += low <= law(2.0) * np.exp(noise[0]) <= high
    assert held / trials == pytest.approx(0.8, abs=0.08)


@pytest.mark.parametrize("exponent, floor", [(0.2, 0.0), (0.5, 0.0), (0.7, 0.5), (1.0, 0.8), (0.0, 0.0)])
def test_the_interval_holds_each_law_more_often_than_not(exponent, floor):
    shares, law = np.arange(1, 11) / 10, lambda x: floor + (1 - floor) * x**-exponent
    later = law(2.0) * np.exp(0.05 * np.random.default_rng(1).standard_normal(100))
    trends = [fit(shares, curve) for curve in curves(law, 0.05, count=100, times=shares)]
    bounds = [trend.predict_doubling() for trend in trends]
    assert np.mean([low <= value <= high for value, (_, low, high) in zip(later, bounds, strict=True)]) > 0.6


def test_the_sentence_states_the_interval():
    x = 1_000 * np.arange(1, 11)
    sentence = describe_doubling("fid", x, 100.0 / np.sqrt(x / 1_000))
    assert sentence.startswith("Twice the images would change fid from 31.6 to about 22")
    assert sentence.endswith(", four times in five).")


def test_the_sentence_says_where_the_curve_shows_nothing():
    assert "does not show" in describe_doubling("fid", [1, 2, 3], [3.0, 2.0, 1.0])
    assert "does not show" in describe_doubling("fid", range(1, 11), [0.0] * 10)
    assert "scatter" in describe_doubling("fid", range(1, 11), [1.0, 9.0] * 5)
