"""Closed forms of what is counted in modes."""

import math

import numpy as np
import pytest
from scipy.stats import entropy

from ganops.metrics.modes import modes, reverse_kl

UNIFORM = np.full(1000, 1e-3)


def test_modes_are_the_classes_with_a_sample() -> None:
    assert modes(np.array([3, 0, 1, 0, 7])) == 3
    assert modes(np.zeros(5, dtype=np.int64)) == 0


def test_equal_distributions_have_no_divergence() -> None:
    assert reverse_kl(np.array([50, 30, 20]), np.array([0.5, 0.3, 0.2])) == pytest.approx(0.0, abs=1e-15)
    assert reverse_kl(np.full(1000, 7), UNIFORM) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("found", [1, 10, 999])
def test_m_even_modes_of_k_have_a_divergence_of_log_k_over_m(found: int) -> None:
    counts = np.zeros(1000, dtype=np.int64)
    counts[:found] = 4
    assert reverse_kl(counts, UNIFORM) == pytest.approx(math.log(1000 / found))


def test_the_samples_come_first() -> None:
    """KL(p ‖ q) of p = (1, 3) / 4, q = (1, 1) / 2 is 3/4 ln 3 − ln 2; the other way it is ln 2 − ln 3 / 2."""
    assert reverse_kl(np.array([1, 3]), np.array([0.5, 0.5])) == pytest.approx(0.75 * math.log(3) - math.log(2))


def test_it_is_scipys_relative_entropy() -> None:
    random = np.random.default_rng(0)
    counts, frequencies = random.integers(0, 9, 50), random.dirichlet(np.ones(50))
    assert reverse_kl(counts, frequencies) == pytest.approx(entropy(counts, frequencies), rel=1e-12)


def test_a_class_that_the_data_lack_makes_the_divergence_infinite() -> None:
    frequencies = np.array([0.5, 0.5, 0.0])
    assert reverse_kl(np.array([1, 1, 0]), frequencies) == 0.0
    assert reverse_kl(np.array([1, 1, 1]), frequencies) == math.inf


def test_divergence_of_a_perfect_generator_is_degrees_of_freedom_over_2n() -> None:
    """2 n KL of multinomial counts is about χ² with K − 1 degrees of freedom (Wilks 1938)."""
    n, random = 25_600, np.random.default_rng(0)
    values = [reverse_kl(random.multinomial(n, UNIFORM), UNIFORM) for _ in range(40)]
    expected, deviation = 999 / (2 * n), math.sqrt(2 * 999) / (2 * n)
    # Five standard errors, and one percent for the terms of higher order.
    assert np.mean(values) == pytest.approx(expected, abs=5 * deviation / math.sqrt(40) + 0.01 * expected)
    assert np.std(values) == pytest.approx(deviation, rel=0.5)
