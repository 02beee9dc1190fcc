import numpy as np
import pytest
from PIL import Image

from ganops.data.crop_and_resize import crop_and_resize, crop_and_resize_file
from ganops.data.decoding import decode
from ganops.data.sources.source import UnreadablePicture

from .conftest import constant
from .encoded import encoded, oriented, picture


def noise(height: int, width: int, channels: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_picture_of_the_right_size_is_not_touched(channels: int) -> None:
    pixels = noise(5, 7, channels)
    np.testing.assert_array_equal(crop_and_resize(pixels, (channels, 5, 7)), pixels.transpose(2, 0, 1))


@pytest.mark.parametrize("size", [(9, 9), (20, 13), (64, 64), (3, 5)])
def test_a_constant_picture_stays_constant(size: tuple[int, int]) -> None:
    assert (crop_and_resize(constant(83, *size, channels=3), (3, 8, 8)) == 83).all()


def test_a_checkerboard_becomes_grey() -> None:
    board = np.indices((64, 64)).sum(0, dtype=np.uint8)[:, :, None] % 2 * 255
    inner = crop_and_resize(board, (1, 32, 32))[0, 4:-4, 4:-4]
    assert np.abs(inner.astype(int) - 127.5).max() <= 1  # Picking every other pixel would give 0 or 255 throughout.


def test_resizing_is_pillows_lanczos() -> None:
    pixels = noise(30, 30, 3)
    reference = Image.fromarray(pixels).resize((11, 11), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(crop_and_resize(pixels, (3, 11, 11)), np.asarray(reference).transpose(2, 0, 1))


@pytest.mark.parametrize(("size", "kept"), [((4, 12), np.s_[:, 4:8]), ((12, 4), np.s_[4:8, :])])
def test_the_middle_is_kept(size: tuple[int, int], kept: tuple[slice, slice]) -> None:
    pixels = constant(10, *size)
    pixels[kept] = 200
    # The crop lies on pixel edges, so this is a crop alone, without a filter.
    np.testing.assert_array_equal(crop_and_resize(pixels, (1, 4, 4)), np.full((1, 4, 4), 200))


def test_wide_targets_crop_rows() -> None:
    rows = np.repeat(np.arange(8, dtype=np.uint8)[:, None, None], 8, axis=1)
    np.testing.assert_array_equal(crop_and_resize(rows, (1, 4, 8))[0, :, 0], [2, 3, 4, 5])


def test_grey_becomes_colour_and_back() -> None:
    grey = noise(6, 6, 1)
    colour = crop_and_resize(grey, (3, 6, 6))
    assert (colour == grey.transpose(2, 0, 1)).all()
    np.testing.assert_array_equal(crop_and_resize(colour.transpose(1, 2, 0), (1, 6, 6)), grey.transpose(2, 0, 1))


@pytest.mark.parametrize("channels", [1, 3])
def test_transparent_parts_become_white(channels: int) -> None:
    hidden = constant(40, channels=4)
    hidden[:, :, 3] = 0
    hidden[0, 0, 3] = 255
    flat = crop_and_resize(hidden, (channels, 4, 4))
    assert (flat[:, 0, 0] == 40).all()
    assert (flat.reshape(channels, -1)[:, 1:] == 255).all()


def test_hidden_colour_does_not_bleed_when_resized() -> None:
    pixels = constant(255, 16, 16, channels=4)
    pixels[:, 8:] = (0, 255, 0, 0)
    pixels[:, :8] = (200, 0, 0, 255)
    small = crop_and_resize(pixels, (4, 4, 4))
    assert small[1][small[3] > 0].max() == 0


def scene(height: int, width: int) -> Image.Image:
    """Structure of all sizes, hard edges and fine grain, as photographs have them; grain falls as 1 / frequency."""
    draw = np.random.default_rng(0)
    layers = [
        Image.fromarray(draw.integers(0, 256, (2**k, 2**k, 3), dtype=np.uint8)).resize((width, height), 3)
        for k in range(1, 9)
    ]
    pixels = np.sum([np.asarray(layer) * 0.5 ** (k + 1) for k, layer in enumerate(layers)], axis=0)
    pixels[height // 3 : height // 2, width // 5 : width // 2] = (250, 240, 20)
    rows, columns = np.indices((height, width))
    pixels[(rows - height * 0.6) ** 2 + (columns - width * 0.7) ** 2 < (height / 5) ** 2] = (20, 30, 90)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal to noise ratio, decibels."""
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


@pytest.mark.parametrize("size", [(256, 256), (400, 300), (301, 523), (1050, 700), (1024, 1537), (1537, 1024)])
@pytest.mark.parametrize("quality", [75, 95])
def test_a_downscaled_jpeg_is_close_to_a_full_decode(size: tuple[int, int], quality: int) -> None:
    content = encoded(scene(*size), "jpeg", quality=quality)
    assert psnr(crop_and_resize_file(content, (3, 64, 64)), crop_and_resize(decode(content), (3, 64, 64))) >= 40


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_is_applied_to_a_downscaled_jpeg(orientation: int) -> None:
    content = oriented(scene(300, 523), orientation, quality=95)
    shape = (3, 40, 64)
    assert psnr(crop_and_resize_file(content, shape), crop_and_resize(decode(content), shape)) >= 40


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_other_files_give_the_same_as_their_pixels(mode: str, channels: int) -> None:
    content = encoded(picture(3, mode, height=50, width=70))
    np.testing.assert_array_equal(
        crop_and_resize_file(content, (channels, 16, 12)), crop_and_resize(decode(content), (channels, 16, 12))
    )


@pytest.mark.parametrize("size", [(1, 6001), (6001, 1)])
def test_a_crop_that_keeps_almost_nothing_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UnreadablePicture, match="less than a hundredth"):
        crop_and_resize(constant(0, *size), (1, 60, 60))
    assert crop_and_resize(constant(3, *size), (1, min(size[0], 500), min(size[1], 500))).max() == 3


def test_an_empty_array_is_refused() -> None:
    with pytest.raises(UnreadablePicture, match="no pixels"):
        crop_and_resize(np.zeros((0, 5, 3), dtype=np.uint8), (3, 4, 4))
