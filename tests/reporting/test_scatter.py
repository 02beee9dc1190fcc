"""Clouds and paths of points."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageColor

from ganops.data.preparation import prepare
from ganops.data.sources.gaussians import gaussians_25
from ganops.data.store import Store
from ganops.extractors.coordinates import fit_coordinates
from ganops.games.request import LatentRequest
from ganops.reporting.scatter import (
    Layer,
    draw_animation,
    draw_interpolation,
    draw_named_clouds,
    draw_neighbours,
    draw_points,
    draw_real_beneath_generated,
    draw_samples,
    draw_scatter,
    draw_truncations,
)

from .. import parameters as of_base
from .fake_samplers import PointsOnLine

RED, BLUE = "#ff0000", "#0000ff"


@pytest.fixture(scope="module")
def gaussians(tmp_path_factory: pytest.TempPathFactory) -> Store:
    path = tmp_path_factory.mktemp("gaussians") / "store"
    prepare(gaussians_25(), of_base.data_preparation(limit=2_000))[0].write(path)
    return Store.open(path)


def middle_of(picture: Image.Image, colour: str) -> tuple[float, float]:
    """Return column and row of the middle of all pixels of a colour."""
    wanted = np.array(ImageColor.getrgb(colour))
    rows, columns = np.nonzero((np.abs(np.asarray(picture).astype(int) - wanted) < 100).all(axis=2))
    assert len(rows) > 0
    return float(columns.mean()), float(rows.mean())


def dots(*points: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor(points)


def test_both_axes_have_one_scale_and_y_points_up() -> None:
    columns, rows = zip(
        *(middle_of(draw_scatter([[Layer(dots(at), RED)]]), RED) for at in ((0.0, 0.0), (4.0, 0.0), (0.0, 4.0))),
        strict=True,
    )
    assert columns[1] - columns[0] == pytest.approx(rows[0] - rows[2], abs=1.5)
    assert columns[1] > columns[0] + 50 and abs(columns[2] - columns[0]) < 1.5 and abs(rows[1] - rows[0]) < 1.5


def test_the_axes_do_not_depend_on_the_points() -> None:
    alone = draw_scatter([[Layer(dots((1.0, 1.0)), RED)]])
    beside = draw_scatter([[Layer(dots((1.0, 1.0)), RED), Layer(dots((-4.5, 4.9)), BLUE)]])
    assert middle_of(alone, RED) == middle_of(beside, RED)
    assert alone.size == beside.size


def test_the_number_of_points_outside_is_drawn() -> None:
    none, one, two = (draw_scatter([[Layer(dots((0.0, 0.0), *([(5.1, 0.0)] * count)), RED)]]) for count in (0, 1, 2))
    assert none != one != two


def test_other_dimensions_are_drawn_by_their_first_two() -> None:
    two = draw_points(dots((1.0, 2.0)), 8)
    assert draw_points(dots((1.0, 2.0, 9.0)), 8) == two
    assert draw_points(dots((1.0,)), 8) == draw_points(dots((1.0, 0.0)), 8) != two


def test_the_animation_loops_and_moves() -> None:
    frames = draw_animation(PointsOnLine())
    assert len(frames) == 48
    assert frames[1] == frames[47] and frames[23] == frames[25] and frames[0] != frames[24]


def test_every_view_draws_the_samples(gaussians: Store) -> None:
    line = draw_samples(PointsOnLine())
    assert line == draw_scatter([[Layer(PointsOnLine().generate(LatentRequest(n=2_500)).values)]])
    assert draw_truncations(PointsOnLine()).width == 5 * line.width
    assert draw_interpolation(PointsOnLine()) != line != draw_real_beneath_generated(PointsOnLine(), gaussians)


def test_a_conditional_generator_has_one_path_per_class() -> None:
    pictures = [draw_interpolation(PointsOnLine(("a", "b", "c")[:count])) for count in (1, 2, 3)]
    assert pictures[0] != pictures[1] != pictures[2]


def test_named_clouds_are_side_by_side_and_the_note_is_drawn() -> None:
    cloud = torch.rand(50, 2, generator=torch.Generator().manual_seed(0))
    one, two = draw_named_clouds({"a": cloud}), draw_named_clouds({"a": cloud, "b": cloud})
    assert two.width == 2 * one.width and two.height == one.height
    assert draw_named_clouds({"a": cloud}, "a note") != one != draw_named_clouds({"b": cloud})


def test_neighbours_are_the_nearest_points(gaussians: Store) -> None:
    _, table = draw_neighbours(PointsOnLine(), gaussians, fit_coordinates(gaussians), 1)
    samples, train = PointsOnLine().generate(LatentRequest(n=8)).values.numpy(), gaussians.indices("train")
    distances = np.linalg.norm(samples[:, None] - gaussians.read("point", train)[None], axis=2)
    assert table["space"].unique().tolist() == ["coordinates"]
    np.testing.assert_array_equal(table["index"].to_numpy().reshape(8, 5), train[distances.argsort(axis=1)[:, :5]])
    np.testing.assert_allclose(table["distance"].to_numpy().reshape(8, 5), np.sort(distances)[:, :5], rtol=1e-5)


def test_equal_points_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_samples(PointsOnLine()).save(tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
