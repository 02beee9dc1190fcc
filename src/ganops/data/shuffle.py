"""The shuffled order of training samples: a function of the seed and of the position in the training."""

from functools import lru_cache

import numpy as np
from jaxtyping import Int64

from ganops.errors import DataError
from ganops.noise import permutation

ORDER = "order"


def sample_indices(
    indices: Int64[np.ndarray, " size"], first: int, count: int, seed: int, stream: str = ORDER
) -> Int64[np.ndarray, " count"]:
    """Return the samples at positions first … first + count − 1 of the endless order of shuffled epochs.

    Position j lies in epoch j // size, and each epoch is a permutation of its own. Slices join seamlessly, so that a
    resumed training or another process computes only its own part. Each stream is an order of its own.

    Raises:
        DataError: there are no samples.
    """
    size = len(indices)
    if size == 0:
        raise DataError(
            "the order of samples", expected="at least one sample", received="none", remedy="Choose a filled split."
        )
    starts = range(first - first % size, first + count, size)
    epochs = [_order(seed, stream, start // size, size) for start in starts]
    order = [epoch[max(0, first - start) : first + count - start] for start, epoch in zip(starts, epochs, strict=True)]
    return indices[np.concatenate([np.zeros(0, dtype=np.int64), *order])]


# A batch needs at most the epochs on both sides of a boundary, of up to two orders; drawing them again for every batch
# would cost O(size).
@lru_cache(maxsize=4)
def _order(seed: int, stream: str, epoch: int, size: int) -> np.ndarray:
    order = permutation(seed, stream, epoch, size)
    order.flags.writeable = False
    return order
