"""Dropout with addressed masks, so that a resumed training draws the masks of the uninterrupted one."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ganops.noise import Noise


@dataclass(frozen=True)
class Dropout:
    """Inverted dropout (Srivastava et al. 2014, "Dropout"): kept values are scaled, so that the mean stays the same.

    A mask is drawn at the address (seed, stream and place, global sample index), never from a global generator.
    """

    noise: Noise
    stream: str

    def __call__(
        self, values: Float[Tensor, "batch *shape"], place: str, probability: float
    ) -> Float[Tensor, "batch *shape"]:
        """Set each value to 0 with `probability`; `place` names the layer within its network."""
        kept = self.noise.uniform(f"dropout/{self.stream}/{place}", tuple(values.shape[1:])) >= probability
        return values * (kept / (1 - probability)).to(values.dtype)
