import numpy as np
import pytest

from ganops.data.shuffle import sample_indices
from ganops.errors import DataError

INDICES = np.array([3, 5, 8, 13, 21, 34, 55], dtype=np.int64)


def test_each_epoch_is_a_permutation() -> None:
    order = sample_indices(INDICES, 0, 5 * len(INDICES), seed=1).reshape(5, -1)
    assert all(sorted(epoch) == INDICES.tolist() for epoch in order.tolist())
    assert len({tuple(epoch) for epoch in order.tolist()}) > 1


@pytest.mark.parametrize("sizes", [[1] * 40, [16, 3, 21], [40], [0, 39, 1]])
def test_slices_join_to_the_whole(sizes: list[int]) -> None:
    starts = np.cumsum([0, *sizes[:-1]])
    parts = [sample_indices(INDICES, int(start), size, seed=4) for start, size in zip(starts, sizes, strict=True)]
    np.testing.assert_array_equal(np.concatenate(parts), sample_indices(INDICES, 0, 40, seed=4))


def test_order_depends_only_on_the_seed() -> None:
    first = sample_indices(INDICES, 100, 30, seed=1)
    other = sample_indices(INDICES, 100, 30, seed=2)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(first, sample_indices(INDICES, 100, 30, seed=1))


def test_empty_split_is_refused() -> None:
    with pytest.raises(DataError, match="at least one sample"):
        sample_indices(INDICES[:0], 0, 4, seed=0)
