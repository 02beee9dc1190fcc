"""Pairs of adversarial losses on logits. Each returns one value per sample and part, shape (B, *P)."""

from typing import ClassVar, Protocol, runtime_checkable

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ganops.errors import ShapeError


@runtime_checkable
class Objective(Protocol):
    """What the discriminator minimises, of real and fake logits of equal shapes (B, *P), and what the generator does.

    Only where `compares` is true does the generator's loss read real logits: elsewhere they are None, not computed.
    """

    compares: ClassVar[bool]
    """Whether the generator's loss sets each fake against a real of the same index."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the discriminator minimises."""
        ...

    def generator(self, real: Tensor | None, fake: Tensor) -> Tensor:
        """What the generator minimises."""
        ...


class Minimax:
    """Goodfellow et al. 2014, eq. 1: D: −log D(x) − log(1 − D(G(z))), G: log(1 − D(G(z))), with D = sigmoid(logit).

    Written with softplus, which overflows for no logit: log(1 − sigmoid(l)) = −softplus(l).
    """

    compares: ClassVar[bool] = False

    def discriminator(self, real: Float[Tensor, "..."], fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        require_equal_shapes(real, fake)
        return F.softplus(-real) + F.softplus(fake)

    def generator(self, real: Float[Tensor, "..."] | None, fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        return -F.softplus(fake)


class NonSaturating(Minimax):
    """Goodfellow et al. 2014, section 3: D as in minimax, G: −log D(G(z)), whose gradient stays where D is certain."""

    def generator(self, real: Float[Tensor, "..."] | None, fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        return F.softplus(-fake)


class Relativistic:
    """Jolicoeur-Martineau 2019, "The relativistic discriminator", as in R3GAN (Huang et al. 2024): reals and fakes in
    pairs. D: softplus(D(G(z)) − D(x)), G: softplus(D(x) − D(G(z)))."""

    compares: ClassVar[bool] = True

    def discriminator(self, real: Float[Tensor, "..."], fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        require_equal_shapes(real, fake)
        return F.softplus(fake - real)

    def generator(self, real: Float[Tensor, "..."] | None, fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        assert real is not None, "a game gives real logits to an objective that compares"
        require_equal_shapes(real, fake)
        return F.softplus(real - fake)


def require_equal_shapes(real: Tensor, fake: Tensor) -> None:
    """Broadcasting (B, 1) against (B,) would silently give (B, B)."""
    if real.shape != fake.shape:
        raise ShapeError(
            "logits",
            expected=f"real and fake of equal shapes, as real's {tuple(real.shape)}",
            received=f"fake of shape {tuple(fake.shape)}",
            remedy="Return logits of one shape (batch, *parts) from the discriminator for both.",
        )
