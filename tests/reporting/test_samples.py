"""Which samples and which real pictures stand where on the sheets of a generator of pictures."""

import numpy as np
import pytest
from PIL import Image

from ganops.data.store import Store
from ganops.reporting.samples import (
    COLUMNS,
    FRAMES,
    choose_evenly,
    choose_real,
    choose_rows,
    draw_animation,
    draw_interpolation,
    draw_real_beside_generated,
    draw_samples,
    draw_truncations,
)

from .fake_samplers import FlatPictures

LETTERS = tuple("abc")


def centres(picture: Image.Image, rows: int) -> list[list[int]]:
    """Return the values of the pictures; columns are counted from the right, because names stand at the left."""
    pixels, step, margin = np.asarray(picture)[::, ::-1], 58, 8
    return pixels[margin + 28 :: step, margin + 28 :: step][:rows, :COLUMNS][:, ::-1].tolist()


def test_samples_have_one_row_per_class() -> None:
    assert centres(draw_samples(FlatPictures(LETTERS)), 3) == [[50] * COLUMNS, [51] * COLUMNS, [52] * COLUMNS]


def test_an_unconditional_generator_gets_no_class_although_the_data_have_classes() -> None:
    values = centres(draw_samples(FlatPictures(LETTERS, conditional=False)), 8)
    assert values == [[seed] * COLUMNS for seed in range(8)]


def test_of_many_classes_twenty_are_drawn_and_the_note_says_so() -> None:
    rows = choose_rows(FlatPictures(tuple(f"class {i}" for i in range(1000))))
    assert len(rows.labels) == len(rows.names) == 20
    assert rows.labels[0] == 0 and rows.labels[-1] == 999
    assert rows.names[-1] == "class 999" and rows.note == "20 of 1,000 classes"
    assert choose_rows(FlatPictures(LETTERS)).note == ""
    unconditional = choose_rows(FlatPictures(LETTERS, conditional=False))
    assert (unconditional.labels, unconditional.names, unconditional.note) == ([None] * 8, [], "")


@pytest.mark.parametrize(("count", "maximum", "chosen"), [(3, 20, [0, 1, 2]), (5, 3, [0, 2, 4]), (1, 8, [0])])
def test_even_choices(count: int, maximum: int, chosen: list[int]) -> None:
    assert choose_evenly(count, maximum) == chosen


def test_interpolations_run_along_the_rows() -> None:
    values = centres(draw_interpolation(FlatPictures(("a", "b"))), 2)
    assert values == [[50 + label + step for step in range(COLUMNS)] for label in range(2)]


def test_each_row_of_truncations_has_one_scale() -> None:
    assert centres(draw_truncations(FlatPictures(LETTERS)), 5) == [[value] * COLUMNS for value in (80, 60, 40, 20, 0)]


def test_the_animation_runs_forth_and_back_without_a_repeated_frame() -> None:
    frames = [int(np.asarray(frame)[30, 30]) for frame in draw_animation(FlatPictures(tuple("abcdefg")))]
    forth = [150 + step for step in range(FRAMES // 2 + 1)]
    assert frames == [*forth, *reversed(forth[1:-1])] and len(frames) == FRAMES


def test_a_frame_has_five_classes_per_row() -> None:
    first = np.asarray(draw_animation(FlatPictures(tuple("abcdefg")))[0])
    assert first[36::58, 36::58].tolist() == [[150, 151, 152, 153, 154], [155, 156, 255, 255, 255]]


def test_frames_of_large_pictures_are_reduced_by_a_whole_factor() -> None:
    side, gap, margin = 300, 300 // 32, 4 * (300 // 32)
    first = np.asarray(draw_animation(FlatPictures(("a", "b"), side=side))[0])
    assert first.shape == (-(-(side + 2 * margin) // 3), -(-(2 * side + gap + 2 * margin) // 3))
    assert first[60, 60] == 150 and first[60, -60] == 151


def test_a_row_has_training_pictures_of_its_class_and_none_twice(store: Store) -> None:
    train, labels = set(store.indices("train").tolist()), store.manifest["label"].to_numpy()
    for label, chosen in zip(range(3), choose_real(store, [0, 1, 2]), strict=True):
        assert labels[chosen].tolist() == [label] * 5
        assert set(chosen.tolist()) <= train and len(set(chosen.tolist())) == 5


def test_without_classes_no_real_picture_is_drawn_twice(unlabelled: Store) -> None:
    chosen = np.concatenate([*choose_real(unlabelled, [None] * 8)])
    assert len(set(chosen.tolist())) == 40


def test_the_choice_of_real_pictures_is_reproducible_and_shuffled(store: Store) -> None:
    first, second = ([row.tolist() for row in choose_real(store, [0, 1, 2])] for _ in range(2))
    assert first == second
    train = store.indices("train")
    assert first[0] != train[store.manifest["label"].to_numpy()[train] == 0][:5].tolist()


@pytest.mark.parametrize("conditional", [True, False])
def test_real_pictures_are_at_the_left_and_generated_ones_at_the_right(store: Store, conditional: bool) -> None:
    sheet = np.asarray(draw_real_beside_generated(FlatPictures(store.classes, conditional, side=6), store))
    labels = [0, 1, 2] if conditional else [None] * 8
    side, block, top = 60, 5 * 62 - 2, 27
    right = sheet.shape[1] - 8 - block
    left = right - 16 - block
    for row, (label, chosen) in enumerate(zip(labels, choose_real(store, labels), strict=True)):
        rows = slice(top + row * 62, top + row * 62 + side)
        (picture,) = store.read("image", chosen[:1])[0]
        np.testing.assert_array_equal(sheet[rows, left : left + side], picture.repeat(10, 0).repeat(10, 1))
        assert (sheet[rows, right : right + side] == (row if label is None else 50 + label)).all()
