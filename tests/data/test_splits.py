import numpy as np
import pytest

from ganops.data.splits import apportion, assign_splits, keep_stratified
from ganops.errors import ConfigurationError, DataError

from .. import parameters as of_base

PARAMETERS = of_base.data_preparation(validation_share=0.1, held_out_share=0.2)


def distinct(size: int) -> np.ndarray:
    return np.full(size, -1, dtype=np.int64)


def none(size: int) -> np.ndarray:
    return np.zeros(size, dtype=bool)


@pytest.mark.parametrize(
    ("total", "sizes", "parts"),
    [
        (10, [50, 50], [5, 5]),
        (3, [1, 1], [2, 1]),
        (10, [97, 2, 1], [10, 0, 0]),
        (5, [3, 3, 4], [2, 1, 2]),
        (0, [4], [0]),
    ],
)
def test_apportioning_by_largest_remainders(total: int, sizes: list[int], parts: list[int]) -> None:
    assert apportion(total, sizes) == parts


def test_sizes_are_stratified() -> None:
    labels = np.repeat([0, 1, 2], [100, 50, 30])
    splits = np.array(assign_splits(labels, none(180), distinct(180), ("a", "b", "c"), PARAMETERS))
    for name, share in (("train", 0.7), ("validation", 0.1), ("held_out", 0.2)):
        counts = np.bincount(labels[splits == name], minlength=3)
        np.testing.assert_array_equal(counts, (share * np.array([100, 50, 30])).round().astype(int))


def test_only_the_seed_changes_the_splits() -> None:
    labels = np.repeat([0, 1], 50)
    other = PARAMETERS.model_copy(update={"seed": 1})
    first = assign_splits(labels, none(100), distinct(100), ("a", "b"), PARAMETERS)
    assert first == assign_splits(labels, none(100), distinct(100), ("a", "b"), PARAMETERS)
    assert first != assign_splits(labels, none(100), distinct(100), ("a", "b"), other)


@pytest.mark.parametrize("seed", range(5))
def test_duplicates_never_straddle(seed: int) -> None:
    labels = np.repeat([0, 1], 60)
    duplicate_of = distinct(120)
    duplicate_of[20:60] = np.arange(40) % 20  # each of the first twenty three times
    duplicate_of[60:70] = np.arange(10)  # and some of them under the label of another class
    splits = np.array(
        assign_splits(labels, none(120), duplicate_of, ("a", "b"), PARAMETERS.model_copy(update={"seed": seed}))
    )
    copies = np.flatnonzero(duplicate_of >= 0)
    np.testing.assert_array_equal(splits[copies], splits[duplicate_of[copies]])
    counts = {name: int((splits == name).sum()) for name in ("validation", "held_out")}
    assert counts["validation"] <= 12
    assert counts["held_out"] <= 24
    assert min(counts.values()) >= 1


def test_small_classes_get_one_in_each_split() -> None:
    labels = np.repeat([0, 1], [97, 3])
    splits = np.array(assign_splits(labels, none(100), distinct(100), ("many", "few"), PARAMETERS))
    assert sorted(splits[97:]) == ["held_out", "train", "validation"]


def test_a_class_with_too_few_pictures_is_reported() -> None:
    with pytest.raises(DataError, match=r"class 'few': .* received 2 distinct pictures, which leaves none for train"):
        assign_splits(np.repeat([0, 1], [97, 2]), none(99), distinct(99), ("many", "few"), PARAMETERS)


def test_a_share_of_zero_gives_no_validation_split() -> None:
    parameters = PARAMETERS.model_copy(update={"validation_share": 0.0})
    splits = assign_splits(distinct(10), none(10), distinct(10), (), parameters)
    assert sorted(splits) == ["held_out"] * 2 + ["train"] * 8


def test_limit_keeps_the_proportion_of_the_classes() -> None:
    labels = np.repeat([0, 1], [60, 30])
    kept = keep_stratified(labels, none(90), 30, seed=0)
    assert np.bincount(labels[kept]).tolist() == [20, 10]
    assert (np.diff(kept) > 0).all()
    assert not np.array_equal(kept, keep_stratified(labels, none(90), 30, seed=1))
    assert (
        keep_stratified(labels, none(90), None, seed=0).tolist()
        == keep_stratified(labels, none(90), 900, seed=0).tolist()
    )


def test_limit_keeps_the_proportion_of_class_and_part() -> None:
    labels, test = np.repeat([0, 1, 0, 1], [40, 20, 20, 10]), np.repeat([False, True], [60, 30])
    kept = keep_stratified(labels, test, 9, seed=0)
    counts = {
        (k, part): int(((labels[kept] == k) & (test[kept] == part)).sum()) for k in (0, 1) for part in (False, True)
    }
    assert counts == {(0, False): 4, (1, False): 2, (0, True): 2, (1, True): 1}


OWN_TEST_PART = PARAMETERS.model_copy(update={"held_out_share": None, "validation_share": 0.25})


def test_the_test_part_is_held_out_and_validation_drawn_from_the_rest() -> None:
    labels, test = np.repeat([0, 1, 0, 1], [40, 20, 9, 1]), np.repeat([False, True], [60, 10])
    splits = np.array(assign_splits(labels, test, distinct(70), ("a", "b"), OWN_TEST_PART))
    np.testing.assert_array_equal(splits == "held_out", test)
    for name, counts in (("validation", [10, 5]), ("train", [30, 15])):
        assert np.bincount(labels[splits == name], minlength=2).tolist() == counts


def test_a_copy_in_the_test_part_holds_out_all_copies() -> None:
    duplicate_of = distinct(40)
    duplicate_of[30] = 3  # in the test part, of the training part's fourth
    duplicate_of[20] = 3  # and once more in the training part
    duplicate_of[39] = 31  # both in the test part
    splits = np.array(assign_splits(distinct(40), np.arange(40) >= 30, duplicate_of, (), OWN_TEST_PART))
    assert np.flatnonzero(splits == "held_out").tolist() == [3, 20, *range(30, 40)]
    assert (splits == "validation").sum() == 7


def test_with_a_number_the_parts_are_pooled() -> None:
    labels, test = np.repeat([0, 1], 50), np.arange(100) % 2 == 0
    pooled = assign_splits(labels, test, distinct(100), ("a", "b"), PARAMETERS)
    assert pooled == assign_splits(labels, none(100), distinct(100), ("a", "b"), PARAMETERS)


def test_a_class_only_in_the_test_part_is_reported() -> None:
    labels, test = np.repeat([0, 1], [9, 3]), np.repeat([False, True], [9, 3])
    with pytest.raises(
        DataError, match=r"class 'b': .* received 0 distinct pictures, which leaves none for train, validation"
    ):
        assign_splits(labels, test, distinct(12), ("a", "b"), OWN_TEST_PART)


def test_a_missing_test_part_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match=r"held_out_share: expected a share .* no test part.*, received null"):
        assign_splits(distinct(10), none(10), distinct(10), (), OWN_TEST_PART)


def test_shares_must_leave_training_pictures() -> None:
    with pytest.raises(ConfigurationError, match="a sum below 1, received 1"):
        of_base.data_preparation(validation_share=0.5, held_out_share=0.5)
