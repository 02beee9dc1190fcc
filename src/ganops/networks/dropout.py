"""Dropout with addressed masks, so that a resumed training draws the masks of the uninterrupted one."""

from jaxtyping import Float
from torch import Tensor

from ganops.noise import Noise


def dropout(
    values: Float[Tensor, "batch *shape"], noise: Noise, stream: str, probability: float
) -> Float[Tensor, "batch *shape"]:
    """Set each value to 0 with `probability`, and scale the others, so that the mean stays the same.

    Srivastava et al. 2014, "Dropout", section 10 (inverted).

    Args:
        values: one row a sample of the noise.
        noise: of the pass through the network.
        stream: of the mask, such as the name of the layer.
        probability: below 1.
    """
    kept = noise.uniform(stream, tuple(values.shape[1:])) >= probability
    return values * (kept / (1 - probability)).to(values.dtype)
