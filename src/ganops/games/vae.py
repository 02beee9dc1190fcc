"""The variational autoencoder (Kingma and Welling 2014) as a game of one player: the baseline of every table."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from jaxtyping import Float
from torch import Tensor

from ganops.games.game import Batch, Buffers, Losses, LossWeights, Networks
from ganops.games.latent import LatentGame
from ganops.noise import Noise


@dataclass(frozen=True)
class VariationalAutoencoder(LatentGame):
    """Minimizes −ELBO = −E_q log p(x | z, y) + KL(q(z | x, y) ‖ N(0, I)), in nats a sample."""

    latent_dimension: int
    conditional: bool

    generates = "image"
    players: ClassVar[Mapping[str, tuple[str, ...]]] = {"autoencoder": ("encoder", "decoder")}
    inference_networks = ("decoder",)

    def losses(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute both parts of −ELBO for one draw of z, by the reparametrization z = μ + σ ε (eq. 10)."""
        label = batch["label"] if self.conditional else None
        mean, log_variance = networks["encoder"](batch["image"], label)
        latent = mean + torch.exp(0.5 * log_variance) * noise.normal(f"latent/{player}", (self.latent_dimension,))
        restored = networks["decoder"](latent, label)
        log_deviation = cast(Tensor, networks["decoder"].log_deviation)
        terms = {
            "loss/reconstruction": negative_log_likelihood(batch["image"], restored, log_deviation),
            "loss/divergence": divergence(mean, log_variance),
        }
        return Losses(terms, {"deviation/decoder": log_deviation.exp().expand(1)})

    def sample(self, networks: Networks, inputs: Mapping[str, Tensor]) -> Float[Tensor, "batch *shape"]:
        """Return the mean of p(x | z, y)."""
        return networks["decoder"](inputs["latent"], inputs.get("label")).clamp(-1, 1)


def negative_log_likelihood(
    data: Float[Tensor, "batch *shape"], mean: Float[Tensor, "batch *shape"], log_deviation: Float[Tensor, ""]
) -> Float[Tensor, " batch"]:
    """Return −log N(x; μ, σ² I), summed over the values of a sample."""
    scaled = (data - mean) * torch.exp(-log_deviation)
    values = 0.5 * scaled.square() + log_deviation + 0.5 * math.log(2 * math.pi)
    return values.flatten(1).sum(1)


def divergence(
    mean: Float[Tensor, "batch latent"], log_variance: Float[Tensor, "batch latent"]
) -> Float[Tensor, " batch"]:
    """Return KL(N(μ, σ² I) ‖ N(0, I)) (appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
