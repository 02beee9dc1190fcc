"""The variational autoencoder (Kingma and Welling 2014) as a game of one player: the baseline of every table."""

import math
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ganops.config import FieldName
from ganops.games.game import Batch, Losses, LossWeights, Networks
from ganops.noise import Noise


@dataclass(frozen=True)
class VariationalAutoencoder:
    """Minimises −ELBO = −E_q log p(x | z, y) + KL(q(z | x, y) ‖ N(0, I)), in nats a sample."""

    latent_dimension: int
    conditional: bool

    @property
    def players(self) -> dict[str, tuple[str, ...]]:
        return {"autoencoder": ("encoder", "decoder")}

    @property
    def moves(self) -> dict[str, int]:
        return {"autoencoder": 1}

    @property
    def generating(self) -> tuple[str, ...]:
        return ("decoder",)

    @property
    def field(self) -> FieldName:
        return "image"

    @property
    def fields(self) -> tuple[str, ...]:
        return ("image", "label") if self.conditional else ("image",)

    @property
    def views(self) -> tuple[str, ...]:
        return (
            "samples",
            "interpolation",
            "animation",
            "truncations",
            "real_beside_generated",
            "nearest_neighbours",
        )

    @property
    def ahead(self) -> tuple[str, ...]:
        return ()

    def losses(self, player: str, networks: Networks, batch: Batch, noise: Noise, strengths: LossWeights) -> Losses:
        """One draw of z by the reparametrisation z = μ + σ ε (eq. 10)."""
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

    def penalties(self, player: str, networks: Networks, batch: Batch, noise: Noise, strengths: LossWeights) -> Losses:
        """None: the divergence is part of the ELBO."""
        return Losses({})

    def generate(
        self, networks: Networks, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None
    ) -> Float[Tensor, "batch channels height width"]:
        """The mean of p(x | z, y)."""
        return networks["decoder"](latent, label).clamp(-1, 1)


def negative_log_likelihood(
    data: Float[Tensor, "batch *shape"], mean: Float[Tensor, "batch *shape"], log_deviation: Float[Tensor, ""]
) -> Float[Tensor, " batch"]:
    """−log N(x; μ, σ² I), summed over the values of a sample."""
    scaled = (data - mean) * torch.exp(-log_deviation)
    values = 0.5 * scaled.square() + log_deviation + 0.5 * math.log(2 * math.pi)
    return values.flatten(1).sum(1)


def divergence(
    mean: Float[Tensor, "batch latent"], log_variance: Float[Tensor, "batch latent"]
) -> Float[Tensor, " batch"]:
    """KL(N(μ, σ² I) ‖ N(0, I)) (appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
