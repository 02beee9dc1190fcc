"""Dropout whose masks have an address, so that a resumed training drops what the uninterrupted one would have."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ganops.noise import Noise


@dataclass(frozen=True)
class Dropout:
    """Srivastava et al. 2014, "Dropout", in its inverted form: what is kept is scaled, so that the mean stays.

    A mask is drawn at the address (seed, stream and place, global sample index), never from a global generator.
    """

    noise: Noise
    stream: str

    def __call__(
        self, values: Float[Tensor, "batch *shape"], place: str, probability: float
    ) -> Float[Tensor, "batch *shape"]:
        """`values`, each 0 with the given probability; `place` names the layer within its network."""
        kept = self.noise.uniform(f"dropout/{self.stream}/{place}", tuple(values.shape[1:])) >= probability
        return values * (kept / (1 - probability)).to(values.dtype)
