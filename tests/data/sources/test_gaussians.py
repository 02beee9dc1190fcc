import numpy as np

from ganops.data.sources.gaussians import gaussians_25


def test_each_mode_has_its_mean_and_its_deviation() -> None:
    samples = gaussians_25()
    assert (samples.values.shape, samples.values.dtype) == ((100_000, 2), np.float32)
    for label in range(25):
        points = samples.values[samples.labels == label].astype(np.float64)
        i, j = divmod(label, 5)
        assert len(points) == 4_000
        # Five standard errors: of a mean 0.05 / √4000, of a deviation 0.05 / √8000.
        np.testing.assert_allclose(points.mean(axis=0), (-4 + 2 * i, -4 + 2 * j), atol=5 * 0.05 / 4000**0.5)
        np.testing.assert_allclose(points.std(axis=0), 0.05, atol=5 * 0.05 / 8000**0.5)


def test_the_coordinates_of_a_point_are_independent() -> None:
    samples = gaussians_25()
    i, j = np.divmod(samples.labels, 5)
    x, y = ((samples.values - np.stack([2 * i - 4, 2 * j - 4], axis=1)) / 0.05).T
    assert abs(np.corrcoef(x, y)[0, 1]) < 5 / 100_000**0.5


def test_the_points_are_always_the_same() -> None:
    assert gaussians_25().values.tobytes() == gaussians_25().values.tobytes()
