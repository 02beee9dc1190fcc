"""A pool of earlier translations, from which discriminators see some again, so that they do not forget them.

Shrivastava et al. 2017, "Learning from Simulated and Unsupervised Images through Adversarial Training", section 2.3, as
Zhu et al. 2017 (CycleGAN) use it: while it is not full, it takes every picture; then each picture is, with probability
1/2, shown in exchange for one of the pool. Here the pictures of a batch see the pool as it was before the batch.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ganops.noise import Noise

_NOT_STORED = -1
_EXCHANGED_SHARE = 0.5


def empty_pool(size: int, shape: tuple[int, int, int], device: torch.device) -> dict[str, Tensor]:
    """Return the state of a pool: `pictures`, and how many of them there are, `count`."""
    return {
        "pictures": torch.zeros(size, *shape, device=device),
        "count": torch.zeros((), dtype=torch.int64, device=device),
    }


def exchange(
    fakes: Float[Tensor, "batch *shape"], pictures: Float[Tensor, "size *shape"], count: Int[Tensor, ""], noise: Noise
) -> tuple[Float[Tensor, "batch *shape"], Int[Tensor, " batch"]]:
    """Return what the discriminator sees, and the place in the pool of each picture that it does not see; others −1."""
    places = noise.integers("pool/place", len(pictures))
    exchanged = (noise.uniform("pool/exchange") < _EXCHANGED_SHARE) & (count >= len(pictures))
    seen = torch.where(exchanged[:, None, None, None], pictures[places], fakes)
    return seen, torch.where(exchanged, places, _NOT_STORED)


def store(
    fakes: Float[Tensor, "batch *shape"],
    places: Int[Tensor, " batch"],
    pictures: Float[Tensor, "size *shape"],
    count: Int[Tensor, ""],
) -> None:
    """Put pictures into the pool, in place: at their places, and one after the other while the pool is not full.

    One at a time, so that of two with one place the later one stays, on every device.
    """
    size = len(pictures)
    for fake, place in zip(fakes.split(1), places.split(1), strict=True):
        filling = count < size
        where = torch.where(filling, count, place)
        index = where.clamp(0, size - 1)
        pictures.index_copy_(0, index, torch.where(where >= 0, fake, pictures[index]))
        count.add_(filling)
