"""The seam between what is played and what plays it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor, nn

from ganops.config import FieldName
from ganops.noise import Noise

Networks = Mapping[str, nn.Module]
Batch = Mapping[str, Tensor]


@dataclass(frozen=True)
class Losses:
    """What one player's move is about: per-sample values, (B,) or (B, *P).

    `terms` are added and averaged for the gradient; `observed` are only looked at.
    """

    terms: dict[str, Tensor]
    observed: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class LossWeights:
    """What schedules and adaptation say at this move: weights of the penalties, and the probability of augmentation.

    An adapted probability is a tensor on the device, so that nobody waits for it.
    """

    r1_gamma: float = 0.0
    r2_gamma: float = 0.0
    gradient_penalty: float = 0.0
    augmentation: float | Tensor = 0.0


@runtime_checkable
class Game(Protocol):
    """Its players in the order of a round, the fields it reads, each player's losses, and how it generates."""

    @property
    def players(self) -> Mapping[str, tuple[str, ...]]:
        """Player → the networks that its one optimizer moves."""
        ...

    @property
    def moves(self) -> Mapping[str, int]:
        """Player → how often it moves in a round, each time on a batch of its own."""
        ...

    @property
    def field(self) -> FieldName:
        """What it generates."""
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
    def views(self) -> tuple[str, ...]:
        """The names of the views that show a trained generator, see `reporting.views`."""
        ...

    @property
    def ahead(self) -> tuple[str, ...]:
        """The players whose move is shown the round's next batch: fresh, since nobody has moved on it yet."""
        ...

    def losses(self, player: str, networks: Networks, batch: Batch, noise: Noise, strengths: LossWeights) -> Losses:
        """The named losses of one player on one batch, with the penalties whose weight is not zero."""
        ...

    def penalties(self, player: str, networks: Networks, batch: Batch, noise: Noise, strengths: LossWeights) -> Losses:
        """The penalties alone, for a move that regularises lazily."""
        ...

    def generate(
        self, networks: Networks, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None
    ) -> Float[Tensor, "batch *shape"]:
        """Samples as model values; of pictures in [−1, 1]."""
        ...
