"""Pairs of adversarial losses on logits. Each returns one value per sample and part, shape (B, *P)."""

from typing import ClassVar, Protocol, runtime_checkable

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ganops.errors import ShapeError


@runtime_checkable
class Objective(Protocol):
    """The losses of discriminator and generator, functions of real and fake logits of equal shapes (B, *P).

    The generator's loss reads real logits only if `relativistic` is true; otherwise they are None and not computed.
    """

    relativistic: ClassVar[bool]
    """Whether the generator's loss compares each fake with the real of the same index."""

    zero_is_boundary: ClassVar[bool]
    """Whether a logit above 0 classifies a sample as real and one below 0 as fake.

    Only then the sign has a meaning, which adaptive augmentation reads. The other losses depend on differences of
    logits, or their decision boundary is not 0.
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Compute the discriminator's loss, (B, *P)."""
        ...

    def generator(self, real: Tensor | None, fake: Tensor) -> Tensor:
        """Compute the generator's loss, (B, *P)."""
        ...


class Minimax:
    """Goodfellow et al. 2014, eq. 1: D: −log D(x) − log(1 − D(G(z))), G: log(1 − D(G(z))), with D = sigmoid(logit).

    Computed with softplus, which never overflows: log(1 − sigmoid(l)) = −softplus(l).
    """

    relativistic: ClassVar[bool] = False
    zero_is_boundary: ClassVar[bool] = True

    def discriminator(self, real: Float[Tensor, "..."], fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Compute −log D(x) − log(1 − D(G(z)))."""
        require_equal_shapes(real, fake)
        return F.softplus(-real) + F.softplus(fake)

    def generator(self, real: Float[Tensor, "..."] | None, fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Compute log(1 − D(G(z)))."""
        return -F.softplus(fake)


class NonSaturating(Minimax):
    """Goodfellow et al. 2014, section 3: D as in minimax, G: −log D(G(z)), whose gradient does not vanish."""

    def generator(self, real: Float[Tensor, "..."] | None, fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Compute −log D(G(z))."""
        return F.softplus(-fake)


class LeastSquares:
    """Mao et al. 2017, "Least Squares GANs", eq. 9: D: ½ (D(x) − 1)² + ½ D(G(z))², G: ½ (D(G(z)) − 1)².

    This is their coding a = 0, b = c = 1 of fake, real and G's target, so that the decision boundary is ½, not 0.
    """

    relativistic: ClassVar[bool] = False
    zero_is_boundary: ClassVar[bool] = False

    def discriminator(self, real: Float[Tensor, "..."], fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Compute ½ (D(x) − 1)² + ½ D(G(z))²."""
        require_equal_shapes(real, fake)
        return 0.5 * (real - 1).square() + 0.5 * fake.square()

    def generator(self, real: Float[Tensor, "..."] | None, fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Compute ½ (D(G(z)) − 1)²."""
        return 0.5 * (fake - 1).square()


class Wasserstein:
    """Arjovsky, Chintala and Bottou 2017, "Wasserstein GAN", eq. 2: D: D(G(z)) − D(x), G: −D(G(z)).

    It measures a distance only while D is 1-Lipschitz, which a penalty or spectral normalisation must ensure.
    """

    relativistic: ClassVar[bool] = False
    zero_is_boundary: ClassVar[bool] = False

    def discriminator(self, real: Float[Tensor, "..."], fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Compute D(G(z)) − D(x)."""
        require_equal_shapes(real, fake)
        return fake - real

    def generator(self, real: Float[Tensor, "..."] | None, fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Compute −D(G(z))."""
        return -fake


class Hinge(Wasserstein):
    """Lim and Ye 2017, "Geometric GAN": D: max(0, 1 − D(x)) + max(0, 1 + D(G(z))), G: −D(G(z)).

    As in Miyato et al. 2018 (SNGAN), eqs. 16 and 17.
    """

    zero_is_boundary: ClassVar[bool] = True

    def discriminator(self, real: Float[Tensor, "..."], fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Compute max(0, 1 − D(x)) + max(0, 1 + D(G(z)))."""
        require_equal_shapes(real, fake)
        return F.relu(1 - real) + F.relu(1 + fake)


class Relativistic:
    """Jolicoeur-Martineau 2019, "The relativistic discriminator": D: softplus(D(G(z)) − D(x)), G: the reverse.

    Reals and fakes are paired, as in R3GAN (Huang et al. 2024).
    """

    relativistic: ClassVar[bool] = True
    zero_is_boundary: ClassVar[bool] = False

    def discriminator(self, real: Float[Tensor, "..."], fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Compute softplus(D(G(z)) − D(x))."""
        require_equal_shapes(real, fake)
        return F.softplus(fake - real)

    def generator(self, real: Float[Tensor, "..."] | None, fake: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Compute softplus(D(x) − D(G(z)))."""
        assert real is not None, "a game passes real logits to a relativistic objective"
        require_equal_shapes(real, fake)
        return F.softplus(real - fake)


def require_equal_shapes(real: Tensor, fake: Tensor) -> None:
    """Raise a ShapeError unless the shapes are equal: broadcasting (B, 1) against (B,) would silently give (B, B)."""
    if real.shape != fake.shape:
        raise ShapeError(
            "logits",
            expected=f"real and fake logits of equal shapes, as real's {tuple(real.shape)}",
            received=f"fake of shape {tuple(fake.shape)}",
            remedy="Return logits of one shape (batch, *parts) from the discriminator for both.",
        )
