"""The shuffled order of training samples: a function of the seed and of the position in the training."""

from functools import lru_cache

import numpy as np
from jaxtyping import Int64

from ganops.errors import DataError
from ganops.noise import permutation


def sample_indices(
    indices: Int64[np.ndarray, " size"], first: int, count: int, seed: int
) -> Int64[np.ndarray, " count"]:
    """Return the samples at positions first … first + count − 1 of the endless order of shuffled epochs.

    Position j lies in epoch j // size, and each epoch is a permutation of its own. Slices join seamlessly, so that a
    resumed training or another process computes only its own part.

    Raises:
        DataError: there are no samples.
    """
    size = len(indices)
    if size == 0:
        raise DataError(
            "the order of samples", expected="at least one sample", received="none", remedy="Choose a filled split."
        )
    starts = range(first - first % size, first + count, size)
    order = [_order(seed, start // size, size)[max(0, first - start) : first + count - start] for start in starts]
    return indices[np.concatenate([np.zeros(0, dtype=np.int64), *order])]


# A batch needs at most the epochs on both sides of a boundary; drawing them again for every batch would cost O(size).
@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, size: int) -> np.ndarray:
    order = permutation(seed, "order", epoch, size)
    order.flags.writeable = False
    return order
