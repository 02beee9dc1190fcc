"""Coordinates of points as features, and their modes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from ganops.data.preparation import prepare
from ganops.data.sources.gaussians import gaussians_25
from ganops.data.sources.source import ArraySamples
from ganops.data.store import NO_CLASS, Store
from ganops.errors import MetricError
from ganops.evaluation.evaluator import evaluate
from ganops.evaluation.external_samples import evaluate_samples, read_samples
from ganops.extractors.build import build_extractor, restore
from ganops.extractors.coordinates import Coordinates, fit_coordinates
from ganops.games.request import GenerationRequest
from ganops.sampling import Samples

from .. import parameters as of_base

CENTRES = np.array([(-4.0 + 2 * i, -4.0 + 2 * j) for i in range(5) for j in range(5)])
PARAMETERS = of_base.evaluation(features="coordinates", threads=1, kid_subset_size=100, kid_subsets=5)


@pytest.fixture(scope="module")
def gaussians(tmp_path_factory: pytest.TempPathFactory) -> Store:
    path = tmp_path_factory.mktemp("gaussians") / "store"
    prepare(gaussians_25(), of_base.data_preparation(limit=5_000))[0].write(path)
    return Store.open(path)


@dataclass(frozen=True)
class Drawn:
    """Answers with points of some of the modes; one in four lies half way to the next mode."""

    modes: int

    def generate(self, request: GenerationRequest) -> Samples:
        random = np.random.default_rng(request.seed)
        mode = np.arange(request.n) % self.modes
        points = CENTRES[mode] + 0.05 * random.standard_normal((request.n, 2)).clip(-1.8, 1.8)
        points[::4, 0] += 1.0
        return Samples(torch.from_numpy(points.astype(np.float32)), None)


def test_the_modes_are_where_the_points_of_each_label_lie(gaussians: Store) -> None:
    extractor = fit_coordinates(gaussians)
    # 140 training points of each: five standard errors of a mean and of a deviation from 280 coordinates.
    np.testing.assert_allclose(extractor.centres, CENTRES, atol=5 * 0.05 / 140**0.5)
    np.testing.assert_allclose(extractor.deviations, 0.05, atol=5 * 0.05 / 560**0.5)


def test_modes_and_quality_are_those_of_the_definition(gaussians: Store) -> None:
    report = evaluate(
        Drawn(modes=19), gaussians, build_extractor(gaussians, PARAMETERS).open(gaussians, PARAMETERS), PARAMETERS
    )
    assert report.metrics["modes"].mean == 19
    # Within 1.8 deviations in either coordinate is within 2.6; what lies half way, 20 deviations off, is not.
    assert report.metrics["high_quality"].mean == pytest.approx(0.75)
    assert report.held_out["modes"].mean == 25
    expected, n = 1 - np.exp(-9 / 2), report.protocol.n
    error = np.sqrt(expected * (1 - expected) / n)
    assert report.held_out["high_quality"].mean == pytest.approx(expected, abs=5 * error)
    assert report.metrics["fid"].mean > 20 * report.held_out["fid"].mean


def test_a_point_is_of_high_quality_up_to_three_deviations_of_its_own_mode() -> None:
    extractor = Coordinates(1, ("narrow", "wide"), np.array([[0.0], [10.0]]), np.array([0.5, 2.0]))
    assert extractor.quality(np.array([[1.5], [1.51], [4.5], [5.5]])) == {"modes": 2.0, "high_quality": 0.5}
    assert extractor.quality(np.array([[2.0], [16.1]])) == {"modes": 0.0, "high_quality": 0.0}


def test_unlabelled_points_have_no_modes(tmp_path: Path) -> None:
    points = np.random.default_rng(0).standard_normal((500, 3)).astype(np.float32)
    samples = ArraySamples("cloud", "point", points, np.full(500, NO_CLASS), ())
    prepare(samples, of_base.data_preparation())[0].write(tmp_path / "store")
    store = Store.open(tmp_path / "store")

    class Same:
        def generate(self, request: GenerationRequest) -> Samples:
            return Samples(torch.from_numpy(points[: request.n]), None)

    report = evaluate(Same(), store, fit_coordinates(store), PARAMETERS)
    assert set(report.metrics) == {"fid", "kid", "precision", "recall"}


def test_it_comes_back_from_its_files(gaussians: Store) -> None:
    extractor = fit_coordinates(gaussians)
    again = restore(extractor.files())
    assert isinstance(again, Coordinates)
    assert again.files() == extractor.files() and again.digest == extractor.digest
    points = torch.from_numpy(CENTRES.astype(np.float32)) + 0.9
    known, expected = again(points)[1], extractor(points)[1]
    assert known is not None and expected is not None and torch.equal(known, expected)


def test_features_of_another_field_are_refused(gaussians: Store, store: Store) -> None:
    with pytest.raises(MetricError, match=r"features: .*classifier, which reads the field image.*coordinates"):
        build_extractor(gaussians, of_base.evaluation())
    with pytest.raises(MetricError, match=r"coordinates, which reads the field point.* Set .*efficientnet_lite0"):
        build_extractor(store, PARAMETERS)


def test_points_of_another_program_are_evaluated_from_a_table(gaussians: Store, tmp_path: Path) -> None:
    points = gaussians.read("point", gaussians.indices("validation")[:500])
    table = tmp_path / "points.csv"
    table.write_text("x1,x2\n" + "".join(f"{x},{y}\n" for x, y in points.tolist()))
    for path in (table, tmp_path):
        given = read_samples(path, gaussians, "point")
        np.testing.assert_array_equal(given.values, points)
        assert given.labels is None
    parameters = PARAMETERS.model_copy(update={"n": 400})
    report = evaluate_samples(given, gaussians, fit_coordinates(gaussians), parameters)
    assert report.metrics["modes"].mean == 25
    assert report.metrics["high_quality"].mean > 0.95


@pytest.mark.parametrize("content", ["x1,y\n1,2\n", "x1,x2\n1,two\n", "x1,x2\n1,nan\n", "x1,x2,class\n1,2,25\n", ""])
def test_a_table_of_other_things_is_refused(gaussians: Store, tmp_path: Path, content: str) -> None:
    (tmp_path / "points.csv").write_text(content)
    with pytest.raises(MetricError, match=r"points\.csv: expected a table \(CSV\) with the columns x1, x2 and"):
        read_samples(tmp_path, gaussians, "point")
