"""Penalties that are added to the discriminator's loss, one value per sample."""

import torch
from jaxtyping import Float
from torch import Tensor


def squared_gradient(
    logits: Float[Tensor, "batch *parts"], pictures: Float[Tensor, "batch *dimensions"]
) -> Float[Tensor, " batch"]:
    """½ ‖∇ₓ D(x)‖², summed over the values of a sample (R1 on real pictures, R2 on fake ones; times γ).

    Mescheder, Geiger and Nowozin 2018, "Which Training Methods for GANs do actually Converge?", eq. 9. The graph of the
    gradient is kept, since the penalty itself is differentiated.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return 0.5 * gradient.float().square().flatten(1).sum(1)
