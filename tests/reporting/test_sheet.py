"""Where pictures and words stand on a sheet."""

import numpy as np
import pytest
import torch

from ganops.reporting.sheet import Block, draw_sheet, measures


def flat(*values: int, channels: int = 1) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.uint8)[:, None, None, None].expand(len(values), channels, 56, 56)


def test_without_words_there_are_pictures_and_white() -> None:
    m = measures(flat(0))
    sheet = np.asarray(draw_sheet([Block([flat(10, 20), flat(30)])]))
    assert sheet.shape == (2 * 56 + m.gap + 2 * m.margin, 2 * 56 + m.gap + 2 * m.margin)
    expected = np.full(sheet.shape, 255)
    for row, column, value in ((0, 0, 10), (0, 1, 20), (1, 0, 30)):
        top, left = (m.margin + place * (56 + m.gap) for place in (row, column))
        expected[top : top + 56, left : left + 56] = value
    np.testing.assert_array_equal(sheet, expected)


def test_words_take_room_of_their_own() -> None:
    """Every picture is whole: no letter is written over it."""
    rows = [flat(10, 20), flat(30, 40)]
    blocks = [Block(rows, "left"), Block(rows, "right", [["1.5", "2.5"], ["3.5", "4.5"]])]
    sheet = np.asarray(draw_sheet(blocks, ["a", "another"], "a note"))
    for value in (10, 20, 30, 40):
        assert (sheet == value).sum() >= 2 * 56 * 56
    plain = np.asarray(draw_sheet(blocks))
    assert sheet.shape[1] > plain.shape[1] and sheet.shape[0] > plain.shape[0]


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "L"), (3, "RGB"), (4, "RGB")])
def test_what_is_transparent_is_pale_and_told_from_the_sheet(channels: int, mode: str) -> None:
    sheet = draw_sheet([Block([flat(0, channels=channels)])])
    assert sheet.mode == mode
    middle = np.asarray(sheet)[sheet.height // 2, sheet.width // 2]
    assert (middle == (0xE8 if channels in (2, 4) else 0)).all()


def test_letters_grow_with_the_pictures() -> None:
    large = torch.zeros(1, 3, 256, 256, dtype=torch.uint8)
    assert measures(large).letters == 32 and measures(flat(0)).letters == 13


def test_a_sheet_is_the_same_twice() -> None:
    first, second = (
        draw_sheet([Block([flat(1, 2)], "heading", [["a", "b"]])], ["row"], "note").tobytes() for _ in range(2)
    )
    assert first == second
