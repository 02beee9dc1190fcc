"""Pairs of adversarial losses on logits. Each returns one value per sample and part, shape (B, *P)."""

from typing import ClassVar, Protocol, runtime_checkable

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ganops.errors import ShapeError


@runtime_checkable
class Objective(Protocol):
    """What the discriminator minimises, of real and fake logits of equal shapes (B, *P), and what the generator does.

    Only where `relativistic` is true does the generator's loss read real logits: elsewhere they are None, not computed.
    """

    relativistic: ClassVar[bool]
    """Whether the generator's loss sets each fake against a real of the same index."""

    zero_is_boundary: ClassVar[bool]
    """Whether a logit above 0 calls a sample real and one below 0 calls it fake.

    Then its sign means something by itself, and adaptive augmentation may read it. Elsewhere the losses know only
    differences of logits, or their middle is another value than 0.
    """

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

    relativistic: ClassVar[bool] = False
    zero_is_boundary: ClassVar[bool] = True

    def discriminator(self, real: Float[Tensor, "..."], fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        require_equal_shapes(real, fake)
        return F.softplus(-real) + F.softplus(fake)

    def generator(self, real: Float[Tensor, "..."] | None, fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        return -F.softplus(fake)


class NonSaturating(Minimax):
    """Goodfellow et al. 2014, section 3: D as in minimax, G: −log D(G(z)), whose gradient stays where D is certain."""

    def generator(self, real: Float[Tensor, "..."] | None, fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        return F.softplus(-fake)


class LeastSquares:
    """Mao et al. 2017, "Least Squares Generative Adversarial Networks", eq. 9: D: ½ (D(x) − 1)² + ½ D(G(z))²,
    G: ½ (D(G(z)) − 1)². This is their coding a = 0, b = c = 1 of fake, real and what G aims at, so an undecided
    discriminator says ½, not 0."""

    relativistic: ClassVar[bool] = False
    zero_is_boundary: ClassVar[bool] = False

    def discriminator(self, real: Float[Tensor, "..."], fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        require_equal_shapes(real, fake)
        return 0.5 * (real - 1).square() + 0.5 * fake.square()

    def generator(self, real: Float[Tensor, "..."] | None, fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        return 0.5 * (fake - 1).square()


class Wasserstein:
    """Arjovsky, Chintala and Bottou 2017, "Wasserstein GAN", eq. 2: D: D(G(z)) − D(x), G: −D(G(z)).

    It measures a distance only while D is 1-Lipschitz, which a penalty or spectral normalisation must see to.
    """

    relativistic: ClassVar[bool] = False
    zero_is_boundary: ClassVar[bool] = False

    def discriminator(self, real: Float[Tensor, "..."], fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        require_equal_shapes(real, fake)
        return fake - real

    def generator(self, real: Float[Tensor, "..."] | None, fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        return -fake


class Hinge(Wasserstein):
    """Lim and Ye 2017, "Geometric GAN", as in Miyato et al. 2018 (SNGAN), eqs. 16 and 17: D: max(0, 1 − D(x)) +
    max(0, 1 + D(G(z))), G: −D(G(z))."""

    zero_is_boundary: ClassVar[bool] = True

    def discriminator(self, real: Float[Tensor, "..."], fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        require_equal_shapes(real, fake)
        return F.relu(1 - real) + F.relu(1 + fake)


class Relativistic:
    """Jolicoeur-Martineau 2019, "The relativistic discriminator", as in R3GAN (Huang et al. 2024): reals and fakes in
    pairs. D: softplus(D(G(z)) − D(x)), G: softplus(D(x) − D(G(z)))."""

    relativistic: ClassVar[bool] = True
    zero_is_boundary: ClassVar[bool] = False

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
