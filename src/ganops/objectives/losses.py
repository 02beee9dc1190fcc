"""Pairs of adversarial losses on logits. Each returns one value per sample and part, shape (B, *P)."""

from typing import Protocol, runtime_checkable

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ganops.errors import ShapeError


@runtime_checkable
class Objective(Protocol):
    """What the discriminator minimises, of real and fake logits of equal shapes (B, *P), and the generator, of fake."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the discriminator minimises."""
        ...

    def generator(self, fake: Tensor) -> Tensor:
        """What the generator minimises."""
        ...


class NonSaturating:
    """Goodfellow et al. 2014, section 3: D: −log D(x) − log(1 − D(G(z))), G: −log D(G(z)), with D = sigmoid(logit)."""

    def discriminator(self, real: Float[Tensor, "..."], fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        require_equal_shapes(real, fake)
        return F.softplus(-real) + F.softplus(fake)

    def generator(self, fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        return F.softplus(-fake)


def require_equal_shapes(real: Tensor, fake: Tensor) -> None:
    """Broadcasting (B, 1) against (B,) would silently give (B, B)."""
    if real.shape != fake.shape:
        raise ShapeError(
            "logits",
            expected=f"real and fake of equal shapes, as real's {tuple(real.shape)}",
            received=f"fake of shape {tuple(fake.shape)}",
            remedy="Return logits of one shape (batch, *parts) from the discriminator for both.",
        )
