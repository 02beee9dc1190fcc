"""Closed forms, and plain NumPy versions from the papers, on the same features."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

from ganops.errors import MetricError
from ganops.metrics import precision_recall as of_ganops
from ganops.metrics.fid import frechet_distance
from ganops.metrics.inception_score import inception_score
from ganops.metrics.kid import SUBSET_SEED, kernel_distance
from ganops.metrics.moments import Moments, merge, moments_of
from ganops.metrics.precision_recall import manifold_of, precision_and_recall

from ..reference import kid, precision_recall


def normal(seed: int, n: int, dimension: int = 6, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1.0, (n, dimension))


def test_moments_are_numpys() -> None:
    features = normal(0, 50)
    moments = moments_of(features)
    assert moments.count == 50
    np.testing.assert_allclose(moments.mean, features.mean(axis=0))
    np.testing.assert_allclose(moments.covariance, np.cov(features, rowvar=False, ddof=1), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("rows", [1, 7, 49, 1000])
def test_moments_do_not_depend_on_batching(rows: int) -> None:
    features = 1e3 + normal(0, 50)
    whole, parts = moments_of(features), moments_of(features, rows_at_once=rows)
    np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-12)
    np.testing.assert_allclose(parts.covariance, whole.covariance, rtol=1e-9, atol=1e-10)


def test_moments_of_unequal_parts_merge_to_the_whole() -> None:
    features = normal(0, 50)
    merged, whole = merge(map(moments_of, (features[:3], features[3:31], features[31:]))), moments_of(features)
    assert merged.count == whole.count
    np.testing.assert_allclose(merged.covariance, whole.covariance, rtol=1e-12, atol=1e-14)


def test_the_frechet_distance_of_diagonal_gaussians_has_a_closed_form() -> None:
    first, second = np.array([1.0, 4.0, 9.0]), np.array([4.0, 4.0, 1.0])
    mean = np.array([1.0, 0.0, 2.0])
    expected = (mean**2).sum() + ((np.sqrt(first) - np.sqrt(second)) ** 2).sum()
    value = frechet_distance(Moments(9, np.zeros(3), np.diag(first)), Moments(9, mean, np.diag(second)))
    assert value == pytest.approx(expected, rel=1e-12)


def test_the_frechet_distance_is_equation_6_with_scipys_matrix_root() -> None:
    samples, real = normal(1, 80, shift=0.3), normal(2, 120)
    difference = samples.mean(axis=0) - real.mean(axis=0)
    first, second = np.cov(samples, rowvar=False), np.cov(real, rowvar=False)
    expected = difference @ difference + np.trace(first + second - 2 * np.real(sqrtm(first @ second)))
    assert frechet_distance(moments_of(samples), moments_of(real)) == pytest.approx(expected, rel=1e-9)


def test_a_set_is_at_no_distance_from_itself() -> None:
    moments = moments_of(normal(3, 200))
    assert frechet_distance(moments, moments) == pytest.approx(0.0, abs=1e-9)


def test_one_sample_has_no_frechet_distance() -> None:
    with pytest.raises(MetricError, match="at least 2 samples"):
        frechet_distance(moments_of(normal(0, 1)), moments_of(normal(0, 9)))


def test_the_inception_score_of_undecided_probabilities_is_one() -> None:
    assert inception_score(np.full((20, 5), 0.2)) == pytest.approx(1.0)


def test_the_inception_score_of_certain_and_balanced_classes_is_their_number() -> None:
    assert inception_score(np.eye(7).repeat(4, axis=0)) == pytest.approx(7.0)


def test_the_inception_score_of_one_certain_class_is_one() -> None:
    assert inception_score(np.eye(7)[[2] * 9]) == pytest.approx(1.0)


def test_the_kernel_distance_is_equation_4() -> None:
    samples, real = normal(1, 40, shift=0.4), normal(2, 40)
    assert kernel_distance(samples, real, 40, 1) == pytest.approx(kid.squared_mmd(samples, real), rel=1e-9)


def test_the_kernel_distance_is_the_mean_over_subsets() -> None:
    samples, real = normal(1, 60, shift=0.4), normal(2, 90)
    expected = kid.kernel_distance(samples, real, 20, 4, np.random.RandomState(SUBSET_SEED))
    assert kernel_distance(samples, real, 20, 4) == pytest.approx(expected, rel=1e-9)


def test_the_kernel_distance_of_equal_distributions_is_zero_on_average() -> None:
    values = [kernel_distance(normal(seed, 100), normal(seed + 1000, 100), 100, 1) for seed in range(60)]
    assert min(values) < 0 < max(values)
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(len(values))
    assert kernel_distance(normal(0, 100, shift=1.0), normal(1, 100), 100, 1) > 20 * np.std(values)


def test_a_subset_larger_than_the_samples_is_refused() -> None:
    with pytest.raises(MetricError, match=r"kid_subset_size: expected at most the 10 .* Set .* to 10 or less"):
        kernel_distance(normal(0, 10), normal(1, 50), 11, 1)


def precision_and_recall_of(samples: np.ndarray, real: np.ndarray, k: int) -> tuple[float, float]:
    return precision_and_recall(manifold_of(samples, k), manifold_of(real, k))


@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_and_recall_are_equation_2(k: int) -> None:
    samples, real = normal(1, 70, shift=0.5), 0.7 * normal(2, 90)
    precision, recall = precision_recall.precision_and_recall(samples, real, k)
    assert 0 < precision < recall < 1
    assert precision_and_recall_of(samples, real, k) == pytest.approx((precision, recall), rel=1e-6)  # of float32


def test_a_copy_is_precise_and_complete_and_a_stranger_neither() -> None:
    real = normal(0, 40)
    assert precision_and_recall_of(real, real, 3) == (1.0, 1.0)
    assert precision_and_recall_of(real + 100, real, 3) == (0.0, 0.0)


def test_samples_of_one_of_two_clusters_are_precise_and_half_complete() -> None:
    near, far = normal(0, 30), normal(1, 30, shift=100)
    precision, recall = precision_and_recall_of(near, np.concatenate([near, far]), 3)
    assert (precision, recall) == (1.0, 0.5)


def test_more_neighbours_than_samples_are_refused() -> None:
    with pytest.raises(MetricError, match="nearest_neighbours: expected fewer than the 5"):
        precision_and_recall_of(normal(0, 5), normal(1, 50), 5)


@pytest.mark.parametrize("numbers_at_once", [8_000_000, 7 * 1500])
def test_precision_and_recall_are_those_of_torch_fidelity_for_any_block_size(
    numbers_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_ganops, "_NUMBERS_AT_ONCE", numbers_at_once)
    samples, real = normal(0, 1200).astype(np.float32), (normal(1, 1500) + 0.5).astype(np.float32)
    theirs = prc_features_to_metric(
        torch.from_numpy(samples).double(),
        torch.from_numpy(real).double(),
        prc_neighborhood=3,
        prc_batch_size=1000,
        save_cpu_ram=True,
        verbose=False,
    )
    assert precision_and_recall_of(samples, real, 3) == (theirs["precision"], theirs["recall"])


def test_ticks_count_every_row() -> None:
    rows: list[int] = []
    manifold_of(normal(0, 1200), 3, rows.append)
    assert sum(rows) == 1200 and len(rows) > 1


def test_the_kernel_distance_is_that_of_torch_fidelity() -> None:
    samples, real = normal(0, 120).astype(np.float32), (normal(1, 90) + 0.5).astype(np.float32)
    theirs = kid_features_to_metric(
        torch.from_numpy(samples).double(),
        torch.from_numpy(real).double(),
        kid_subset_size=50,
        kid_subsets=7,
        kid_kernel="poly",
        kid_kernel_poly_degree=3,
        kid_kernel_poly_gamma=None,
        kid_kernel_poly_coef0=1,
        rng_seed=SUBSET_SEED,
        verbose=False,
    )
    assert kernel_distance(samples, real, 50, 7) == theirs["kernel_inception_distance_mean"]
