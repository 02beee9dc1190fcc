"""Which real pictures stand beside the generated ones."""

import numpy as np
import pytest

from ganops.data.store import Store
from ganops.reporting.real import _chosen, real_beside_generated

from .shown import Flat


def test_a_row_shows_training_pictures_of_its_class_and_none_twice(store: Store) -> None:
    train, labels = set(store.indices("train").tolist()), store.manifest["label"].to_numpy()
    for label, chosen in zip(range(3), _chosen(store, [0, 1, 2]), strict=True):
        assert labels[chosen].tolist() == [label] * 5
        assert set(chosen.tolist()) <= train and len(set(chosen.tolist())) == 5


def test_without_classes_no_picture_is_shown_twice(unlabelled: Store) -> None:
    chosen = np.concatenate([*_chosen(unlabelled, [None] * 8)])
    assert len(set(chosen.tolist())) == 40


def test_the_choice_is_the_same_each_time_and_not_the_first_ones(store: Store) -> None:
    first, second = ([row.tolist() for row in _chosen(store, [0, 1, 2])] for _ in range(2))
    assert first == second
    train = store.indices("train")
    assert first[0] != train[store.manifest["label"].to_numpy()[train] == 0][:5].tolist()


@pytest.mark.parametrize("conditional", [True, False])
def test_real_pictures_stand_at_the_left_and_generated_ones_at_the_right(store: Store, conditional: bool) -> None:
    sheet = np.asarray(real_beside_generated(Flat(store.classes, conditional, side=6), store))
    labels = [0, 1, 2] if conditional else [None] * 8
    side, block, top = 60, 5 * 62 - 2, 27
    right = sheet.shape[1] - 8 - block
    left = right - 16 - block
    for row, (label, chosen) in enumerate(zip(labels, _chosen(store, labels), strict=True)):
        rows = slice(top + row * 62, top + row * 62 + side)
        (picture,) = store.read("image", chosen[:1])[0]
        np.testing.assert_array_equal(sheet[rows, left : left + side], picture.repeat(10, 0).repeat(10, 1))
        assert (sheet[rows, right : right + side] == (row if label is None else 50 + label)).all()
