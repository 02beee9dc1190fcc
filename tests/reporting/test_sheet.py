"""Positions of pictures and text on grids and sheets."""

import numpy as np
import pytest
import torch

from ganops.reporting.sheet import Block, draw_named_rows, draw_sheet, image_grid, measure_sheet, readable_scale


def flat(*values: int, channels: int = 1) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.uint8)[:, None, None, None].expand(len(values), channels, 56, 56)


def test_grid_to_the_pixel() -> None:
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
def test_grid_of_one_to_four_channels(channels: int, mode: str) -> None:
    images = torch.arange(channels, dtype=torch.uint8)[None, :, None, None].expand(1, channels, 2, 2)
    grid = image_grid(images, columns=1)
    assert grid.mode == mode
    assert np.asarray(grid).reshape(4, 4, channels)[1, 2].tolist() == list(range(channels))


@pytest.mark.parametrize(("side", "scale"), [(8, 7), (28, 2), (56, 1), (300, 1)])
def test_small_pictures_are_enlarged(side: int, scale: int) -> None:
    assert readable_scale(torch.zeros(1, 1, side, side + 4, dtype=torch.uint8)) == scale


def test_sheet_without_text_is_pictures_on_white() -> None:
    sizes = measure_sheet(flat(0))
    sheet = np.asarray(draw_sheet([Block([flat(10, 20), flat(30)])]))
    assert sheet.shape == (2 * 56 + sizes.gap + 2 * sizes.margin, 2 * 56 + sizes.gap + 2 * sizes.margin)
    expected = np.full(sheet.shape, 255)
    for row, column, value in ((0, 0, 10), (0, 1, 20), (1, 0, 30)):
        top, left = (sizes.margin + place * (56 + sizes.gap) for place in (row, column))
        expected[top : top + 56, left : left + 56] = value
    np.testing.assert_array_equal(sheet, expected)


def test_text_covers_no_picture() -> None:
    rows = [flat(10, 20), flat(30, 40)]
    blocks = [Block(rows, "left"), Block(rows, "right", [["1.5", "2.5"], ["3.5", "4.5"]])]
    sheet = np.asarray(draw_sheet(blocks, ["a", "another"], "a note"))
    for value in (10, 20, 30, 40):
        assert (sheet == value).sum() >= 2 * 56 * 56
    plain = np.asarray(draw_sheet(blocks))
    assert sheet.shape[1] > plain.shape[1] and sheet.shape[0] > plain.shape[0]


def test_long_names_of_rows_are_cut_and_a_note_adds_a_line() -> None:
    short, long = (draw_named_rows({name: flat(10, 20)}) for name in ("a name " * 6, "a name " * 30))
    assert abs(long.width - short.width) < measure_sheet(flat(0)).font_size
    assert (np.asarray(long) == 20).sum() >= 56 * 56
    seeds = [np.asarray(draw_named_rows({f"autoencoder_gan, seed {seed}": flat(1)})) for seed in (0, 1)]
    assert (seeds[0] != seeds[1]).any(), "the end of a variant's name is its seed"
    assert draw_named_rows({"a": flat(1)}, "a note").height > draw_named_rows({"a": flat(1)}).height


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "L"), (3, "RGB"), (4, "RGB")])
def test_transparent_pixels_are_pale_grey_on_the_white_sheet(channels: int, mode: str) -> None:
    sheet = draw_sheet([Block([flat(0, channels=channels)])])
    assert sheet.mode == mode
    middle = np.asarray(sheet)[sheet.height // 2, sheet.width // 2]
    assert (middle == (0xE8 if channels in (2, 4) else 0)).all()


def test_font_grows_with_the_pictures() -> None:
    large = torch.zeros(1, 3, 256, 256, dtype=torch.uint8)
    assert measure_sheet(large).font_size == 32 and measure_sheet(flat(0)).font_size == 13


def test_equal_sheets_have_equal_bytes() -> None:
    first, second = (
        draw_sheet([Block([flat(1, 2)], "heading", [["a", "b"]])], ["row"], "note").tobytes() for _ in range(2)
    )
    assert first == second
