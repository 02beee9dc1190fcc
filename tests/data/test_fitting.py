import numpy as np
import pytest
from PIL import Image

from ganops.data.fitting import fit

from .conftest import constant


def noise(height: int, width: int, channels: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_picture_of_the_right_size_is_not_touched(channels: int) -> None:
    pixels = noise(5, 7, channels)
    np.testing.assert_array_equal(fit(pixels, (channels, 5, 7)), pixels.transpose(2, 0, 1))


@pytest.mark.parametrize("size", [(9, 9), (20, 13), (64, 64), (3, 5)])
def test_a_constant_picture_stays_constant(size: tuple[int, int]) -> None:
    assert (fit(constant(83, *size, channels=3), (3, 8, 8)) == 83).all()


def test_a_checkerboard_becomes_grey() -> None:
    board = np.indices((64, 64)).sum(0, dtype=np.uint8)[:, :, None] % 2 * 255
    inner = fit(board, (1, 32, 32))[0, 4:-4, 4:-4]
    assert np.abs(inner.astype(int) - 127.5).max() <= 1  # Picking every other pixel would give 0 or 255 throughout.


def test_resizing_is_pillows_lanczos() -> None:
    pixels = noise(30, 30, 3)
    reference = Image.fromarray(pixels).resize((11, 11), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(fit(pixels, (3, 11, 11)), np.asarray(reference).transpose(2, 0, 1))


@pytest.mark.parametrize(("size", "kept"), [((4, 12), np.s_[:, 4:8]), ((12, 4), np.s_[4:8, :])])
def test_the_middle_is_kept(size: tuple[int, int], kept: tuple[slice, slice]) -> None:
    pixels = constant(10, *size)
    pixels[kept] = 200
    # The crop lies on pixel edges, so this is a crop alone, without a filter.
    np.testing.assert_array_equal(fit(pixels, (1, 4, 4)), np.full((1, 4, 4), 200))


def test_wide_targets_crop_rows() -> None:
    rows = np.repeat(np.arange(8, dtype=np.uint8)[:, None, None], 8, axis=1)
    np.testing.assert_array_equal(fit(rows, (1, 4, 8))[0, :, 0], [2, 3, 4, 5])


def test_grey_becomes_colour_and_back() -> None:
    grey = noise(6, 6, 1)
    colour = fit(grey, (3, 6, 6))
    assert (colour == grey.transpose(2, 0, 1)).all()
    np.testing.assert_array_equal(fit(colour.transpose(1, 2, 0), (1, 6, 6)), grey.transpose(2, 0, 1))


@pytest.mark.parametrize("channels", [1, 3])
def test_transparent_parts_become_white(channels: int) -> None:
    hidden = constant(40, channels=4)
    hidden[:, :, 3] = 0
    hidden[0, 0, 3] = 255
    flat = fit(hidden, (channels, 4, 4))
    assert (flat[:, 0, 0] == 40).all()
    assert (flat.reshape(channels, -1)[:, 1:] == 255).all()


def test_hidden_colour_does_not_bleed_when_resized() -> None:
    pixels = constant(255, 16, 16, channels=4)
    pixels[:, 8:] = (0, 255, 0, 0)
    pixels[:, :8] = (200, 0, 0, 255)
    small = fit(pixels, (4, 4, 4))
    assert small[1][small[3] > 0].max() == 0
