"""The seam between what is played and what plays it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor, nn

from ganops.noise import Noise

Networks = Mapping[str, nn.Module]
Batch = Mapping[str, Tensor]


@dataclass(frozen=True)
class Losses:
    """What one player's move is about: per-sample values, (B,) or (B, *P).

    `minimised` are added and averaged for the gradient; `observed` are only looked at.
    """

    minimised: dict[str, Tensor]
    observed: dict[str, Tensor] = field(default_factory=dict)


@runtime_checkable
class Game(Protocol):
    """Its players in the order of a round, the fields it reads, each player's losses, and how it generates."""

    @property
    def players(self) -> Mapping[str, tuple[str, ...]]:
        """Player → the networks that its one optimizer moves."""
        ...

    @property
    def fields(self) -> tuple[str, ...]:
        """What it reads of a batch."""
        ...

    @property
    def generating(self) -> tuple[str, ...]:
        """The networks that `generate` needs: they are averaged, and make the bundle."""
        ...

    @property
    def ahead(self) -> tuple[str, ...]:
        """The players whose move is shown the round's next batch: fresh, since nobody has moved on it yet."""
        ...

    def losses(self, player: str, networks: Networks, batch: Batch, noise: Noise) -> Losses:
        """The named losses of one player on one batch."""
        ...

    def generate(
        self, networks: Networks, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None
    ) -> Float[Tensor, "batch channels height width"]:
        """Samples as model values in [−1, 1]."""
        ...
