"""Which samples stand where."""

import numpy as np
import pytest
from PIL import Image

from ganops.reporting.samples import COLUMNS, evenly_chosen, interpolation, sample_grid, shown_rows, truncation_strip

from .shown import Flat

LETTERS = tuple("abc")


def centres(picture: Image.Image, rows: int) -> list[list[int]]:
    """The pictures' values: from the right, since names stand at the left."""
    pixels, step, margin = np.asarray(picture)[::, ::-1], 58, 8
    return pixels[margin + 28 :: step, margin + 28 :: step][:rows, :COLUMNS][:, ::-1].tolist()


def test_samples_have_a_row_a_class() -> None:
    assert centres(sample_grid(Flat(LETTERS)), 3) == [[50] * COLUMNS, [51] * COLUMNS, [52] * COLUMNS]


def test_a_generator_without_classes_is_asked_for_none_though_the_data_has_some() -> None:
    shown = centres(sample_grid(Flat(LETTERS, conditional=False)), 8)
    assert shown == [[seed] * COLUMNS for seed in range(8)]


def test_of_many_classes_twenty_are_shown_and_it_is_said() -> None:
    rows = shown_rows(Flat(tuple(f"class {i}" for i in range(1000))))
    assert len(rows.labels) == len(rows.names) == 20
    assert rows.labels[0] == 0 and rows.labels[-1] == 999
    assert rows.names[-1] == "class 999" and rows.note == "20 of 1,000 classes"
    assert shown_rows(Flat(LETTERS)).note == ""


@pytest.mark.parametrize(("count", "most", "chosen"), [(3, 20, [0, 1, 2]), (5, 3, [0, 2, 4]), (1, 8, [0])])
def test_even_choices(count: int, most: int, chosen: list[int]) -> None:
    assert evenly_chosen(count, most) == chosen


def test_interpolations_run_along_the_rows() -> None:
    shown = centres(interpolation(Flat(("a", "b"))), 2)
    assert shown == [[50 + label + step for step in range(COLUMNS)] for label in range(2)]


def test_a_row_of_the_strip_is_one_scale() -> None:
    assert centres(truncation_strip(Flat(LETTERS)), 5) == [[value] * COLUMNS for value in (80, 60, 40, 20, 0)]
