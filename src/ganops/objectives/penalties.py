"""Penalties added to the discriminator's loss: one value per sample, in float32 whatever the dtype of the logits."""

import torch
from jaxtyping import Float
from torch import Tensor


def squared_gradient(
    logits: Float[Tensor, "batch *parts"], pictures: Float[Tensor, "batch *dimensions"]
) -> Float[Tensor, " batch"]:
    """Compute ½ ‖∇ₓ D(x)‖², summed over the values of a sample (R1 on real pictures, R2 on fake ones; times γ).

    Mescheder, Geiger and Nowozin 2018, "Which Training Methods for GANs do actually Converge?", eq. 9.
    """
    return 0.5 * _gradient(logits, pictures).square().sum(1)


def gradient_penalty(
    logits: Float[Tensor, "batch *parts"], pictures: Float[Tensor, "batch *dimensions"]
) -> Float[Tensor, " batch"]:
    """Compute (‖∇ₓ D(x̂)‖₂ − 1)² at the interpolates x̂ (times λ).

    Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", eq. 3. At a gradient of 0 the norm has no
    derivative; 0 is used.
    """
    return (torch.linalg.vector_norm(_gradient(logits, pictures), dim=1) - 1).square()


def interpolate_samples(
    real: Float[Tensor, "batch *dimensions"], fake: Float[Tensor, "batch *dimensions"], share: Float[Tensor, " batch"]
) -> Float[Tensor, "batch *dimensions"]:
    """Compute x̂ = ε x + (1 − ε) x̃, with one share ε in [0, 1] for each pair of a real x and a fake x̃.

    Gulrajani et al. 2017, algorithm 1, line 6.
    """
    return torch.lerp(fake, real, share.to(real.dtype).view(-1, *[1] * (real.ndim - 1)))


def _gradient(logits: Tensor, pictures: Tensor) -> Tensor:
    """Compute ∇ₓ D(x), (B, values), at least float32, differentiable because a penalty is itself differentiated."""
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.to(torch.promote_types(gradient.dtype, torch.float32)).flatten(1)
