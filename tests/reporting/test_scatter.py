"""Points as clouds and paths."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageColor

from ganops.data.preparation import prepare
from ganops.data.sources.gaussians import gaussians_25
from ganops.data.store import Store
from ganops.extractors.coordinates import fit_coordinates
from ganops.reporting.scatter import Layer, draw_scatter
from ganops.reporting.views import DRAWINGS, draw_fixed
from ganops.sampling import GenerationRequest, Samples

from .. import parameters as of_base

RED, BLUE = "#ff0000", "#0000ff"


@dataclass(frozen=True)
class Line:
    """Samples that lie on the line from (−3, −3) to (3, 3), shorter by the truncation."""

    classes: tuple[str, ...] = ()

    def generate(self, request: GenerationRequest) -> Samples:
        along = torch.linspace(-3, 3, request.n)[:, None] * request.truncation
        return Samples(along.expand(-1, 2), None)

    def interpolate(
        self, start_seed: int, end_seed: int, steps: int, class_label: int | None, eased: bool = False
    ) -> torch.Tensor:
        return torch.stack([torch.linspace(-3, 3, steps), torch.full((steps,), start_seed / 4 - 2)], dim=1)


@pytest.fixture(scope="module")
def gaussians(tmp_path_factory: pytest.TempPathFactory) -> Store:
    path = tmp_path_factory.mktemp("gaussians") / "store"
    prepare(gaussians_25(), of_base.data_preparation(limit=2_000))[0].write(path)
    return Store.open(path)


def middle_of(picture: Image.Image, colour: str) -> tuple[float, float]:
    """Column and row of the middle of all pixels of a colour."""
    wanted = np.array(ImageColor.getrgb(colour))
    rows, columns = np.nonzero((np.abs(np.asarray(picture).astype(int) - wanted) < 100).all(axis=2))
    assert len(rows) > 0
    return float(columns.mean()), float(rows.mean())


def dots(*points: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor(points)


def test_a_unit_is_as_long_in_either_direction_and_up_is_up() -> None:
    columns, rows = zip(
        *(middle_of(draw_scatter([[Layer(dots(at), RED)]]), RED) for at in ((0.0, 0.0), (4.0, 0.0), (0.0, 4.0))),
        strict=True,
    )
    assert columns[1] - columns[0] == pytest.approx(rows[0] - rows[2], abs=1.5)
    assert columns[1] > columns[0] + 50 and abs(columns[2] - columns[0]) < 1.5 and abs(rows[1] - rows[0]) < 1.5


def test_the_frame_does_not_move_with_the_points() -> None:
    alone = draw_scatter([[Layer(dots((1.0, 1.0)), RED)]])
    beside = draw_scatter([[Layer(dots((1.0, 1.0)), RED), Layer(dots((-4.5, 4.9)), BLUE)]])
    assert middle_of(alone, RED) == middle_of(beside, RED)
    assert alone.size == beside.size


def test_points_outside_are_told() -> None:
    none, one, two = (draw_scatter([[Layer(dots((0.0, 0.0), *([(5.1, 0.0)] * count)), RED)]]) for count in (0, 1, 2))
    assert none != one != two


def test_other_dimensions_are_shown_by_their_first_two() -> None:
    two = draw_fixed(dots((1.0, 2.0)), 8)
    assert draw_fixed(dots((1.0, 2.0, 9.0)), 8) == two
    assert draw_fixed(dots((1.0,)), 8) == draw_fixed(dots((1.0, 0.0)), 8) != two


def test_the_film_begins_again_where_it_ends_and_moves_between() -> None:
    frames = DRAWINGS["point"].film(Line())
    assert len(frames) == 48
    assert frames[1] == frames[47] and frames[23] == frames[25] and frames[0] != frames[24]


def test_every_drawing_of_a_generator_shows_it(gaussians: Store) -> None:
    drawings = DRAWINGS["point"]
    line = drawings.samples(Line())
    assert line == draw_scatter([[Layer(Line().generate(GenerationRequest(n=2_500)).values)]])
    assert drawings.truncations(Line()).width == 5 * line.width
    assert drawings.interpolation(Line()) != line != drawings.real(Line(), gaussians)


def test_neighbours_are_the_nearest_points(gaussians: Store) -> None:
    _, table = DRAWINGS["point"].neighbours(Line(), gaussians, fit_coordinates(gaussians), 1)
    samples, train = Line().generate(GenerationRequest(n=8)).values.numpy(), gaussians.indices("train")
    distances = np.linalg.norm(samples[:, None] - gaussians.read("point", train)[None], axis=2)
    assert table["space"].unique().tolist() == ["coordinates"]
    np.testing.assert_array_equal(table["index"].to_numpy().reshape(8, 5), train[distances.argsort(axis=1)[:, :5]])
    np.testing.assert_allclose(table["distance"].to_numpy().reshape(8, 5), np.sort(distances)[:, :5], rtol=1e-5)


def test_pictures_and_points_are_told_by_their_axes() -> None:
    pictures = torch.zeros(2, 1, 60, 60, dtype=torch.uint8)
    assert draw_fixed(pictures, 2).size == (2 * 61 + 1, 62)
    assert draw_fixed(dots((0.0, 0.0)), 2).mode == "RGB"


def test_the_same_points_are_the_same_picture(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        DRAWINGS["point"].samples(Line()).save(tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
