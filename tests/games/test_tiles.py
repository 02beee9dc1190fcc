"""Tiles: an exact generator gives an exact picture, and one that differs from tile to tile leaves no seam."""

import pytest
import torch
from torch import Tensor

from ganops.games.tiles import blend_tiles

SIZES = [((8, 8), (8, 8)), ((9, 23), (8, 8)), ((40, 16), (16, 12)), ((31, 33), (7, 5)), ((3, 4), (1, 1))]


@pytest.mark.parametrize(("picture", "tile"), SIZES)
@pytest.mark.parametrize("at_once", [1, 5])
def test_a_function_of_single_pixels_is_that_of_the_whole(
    picture: tuple[int, int], tile: tuple[int, int], at_once: int
) -> None:
    values = torch.randint(256, (3, *picture)).float()

    def invert(tiles: Tensor) -> Tensor:
        assert tiles.shape[1:] == (3, *tile) and len(tiles) <= at_once
        return 255 - tiles[:, :1]

    torch.testing.assert_close(blend_tiles(invert, values, tile, at_once), 255 - values[:1])


def test_tiles_of_other_brightness_leave_no_seam() -> None:
    """Between neighbours that differ by 100 no step is larger than that of a line over the overlap."""
    tile, overlap = 16, 8
    made = iter([0.0, 100.0] * 8)

    def one_colour(tiles: Tensor) -> Tensor:
        return torch.stack([torch.full((1, tile, tile), next(made)) for _ in tiles])

    blended = blend_tiles(one_colour, torch.zeros(1, tile, 72), (tile, tile), 1)
    steps = blended.diff(dim=2).abs()
    assert blended.max() - blended.min() > 50
    assert steps.max() <= 100 / overlap


def test_pixels_of_one_tile_are_that_tile_s() -> None:
    numbers = iter(range(100))
    blended = blend_tiles(
        lambda tiles: torch.full((1, 1, 4, 4), float(next(numbers))), torch.zeros(1, 4, 12), (4, 4), 1
    )
    assert blended[0, 0, 0] == 0 and blended[0, 0, -1] == 4
