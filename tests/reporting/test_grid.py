import numpy as np
import pytest
import torch

from ganops.reporting.grid import image_grid, readable_scale


def test_a_grid_to_the_pixel() -> None:
    images = torch.tensor([[[[1, 2]]], [[[3, 4]]], [[[5, 6]]]], dtype=torch.uint8)
    gap = 128
    expected = [
        [gap] * 7,
        [gap, 1, 2, gap, 3, 4, gap],
        [gap] * 7,
        [gap, 5, 6, gap, gap, gap, gap],
        [gap] * 7,
    ]
    assert np.asarray(image_grid(images, columns=2)).tolist() == expected
    enlarged = np.asarray(image_grid(images, columns=2, scale=3))
    np.testing.assert_array_equal(enlarged, np.kron(np.array(expected), np.ones((3, 3), dtype=int)))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_one_to_four_channels(channels: int, mode: str) -> None:
    images = torch.arange(channels, dtype=torch.uint8)[None, :, None, None].expand(1, channels, 2, 2)
    grid = image_grid(images, columns=1)
    assert grid.mode == mode
    assert np.asarray(grid).reshape(4, 4, channels)[1, 2].tolist() == list(range(channels))


@pytest.mark.parametrize(("side", "scale"), [(8, 7), (28, 2), (56, 1), (300, 1)])
def test_small_pictures_are_enlarged(side: int, scale: int) -> None:
    assert readable_scale(torch.zeros(1, 1, side, side + 4, dtype=torch.uint8)) == scale
