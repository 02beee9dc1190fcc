"""The game of Goodfellow et al. 2014: a generator turns noise into pictures, a discriminator tells them from real."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ganops.augment import augment
from ganops.games.game import Batch, Losses, Networks
from ganops.networks.dropout import Dropout
from ganops.noise import Noise
from ganops.objectives.losses import Objective
from ganops.objectives.penalties import squared_gradient


@dataclass(frozen=True)
class NoiseToPicture:
    """min_G max_D over `objective`, both sides augmented with strength p; every round the discriminator also pays
    γ₁ · R1 on the real pictures and γ₂ · R2 on the generated ones."""

    objective: Objective
    latent_dimension: int
    conditional: bool
    r1_gamma: float
    r2_gamma: float
    augmentation: float

    @property
    def players(self) -> dict[str, tuple[str, ...]]:
        return {"discriminator": ("discriminator",), "generator": ("generator",)}

    @property
    def generating(self) -> tuple[str, ...]:
        return ("generator",)

    @property
    def fields(self) -> tuple[str, ...]:
        return ("image", "label") if self.conditional else ("image",)

    @property
    def ahead(self) -> tuple[str, ...]:
        """A generator that compares is to meet other reals than those that the discriminator has just moved on."""
        return ("generator",) if self.objective.compares else ()

    def losses(self, player: str, networks: Networks, batch: Batch, noise: Noise) -> Losses:
        """Fakes take the labels of the reals, so that both sides have the data's own class frequencies."""
        label = batch["label"] if self.conditional else None
        latent = noise.normal(f"latent/{player}", (self.latent_dimension,))
        fake = self._seen(self.generate(networks, latent, label), noise, f"fake/{player}")
        if player == "discriminator":
            return self._discriminator_losses(networks, batch["image"], fake, label, noise)
        real_logit = self._compared(networks, batch["image"], label, noise) if self.objective.compares else None
        fake_logit = self._judge(networks, fake, label, noise, "fake/generator")
        return Losses({"loss/generator": self.objective.generator(real_logit, fake_logit)})

    def generate(
        self, networks: Networks, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None
    ) -> Float[Tensor, "batch channels height width"]:
        """x = G(z, y)."""
        return networks["generator"](latent, label)

    def _discriminator_losses(
        self, networks: Networks, pictures: Tensor, fake: Tensor, label: Tensor | None, noise: Noise
    ) -> Losses:
        real = self._seen(pictures, noise, "real/discriminator").detach().requires_grad_(self.r1_gamma > 0)
        fake = fake.detach().requires_grad_(self.r2_gamma > 0)
        real_logit = self._judge(networks, real, label, noise, "real/discriminator")
        fake_logit = self._judge(networks, fake, label, noise, "fake/discriminator")
        minimised = {"loss/discriminator": self.objective.discriminator(real_logit, fake_logit)}
        if self.r1_gamma > 0:
            minimised["penalty/r1"] = self.r1_gamma * squared_gradient(real_logit, real)
        if self.r2_gamma > 0:
            minimised["penalty/r2"] = self.r2_gamma * squared_gradient(fake_logit, fake)
        return Losses(minimised, {"logit/real": real_logit, "logit/fake": fake_logit})

    @torch.no_grad()
    def _compared(self, networks: Networks, pictures: Tensor, label: Tensor | None, noise: Noise) -> Tensor:
        """The logits of reals for the generator's loss, which has no influence on them."""
        return self._judge(networks, self._seen(pictures, noise, "real/generator"), label, noise, "real/generator")

    def _judge(self, networks: Networks, pictures: Tensor, label: Tensor | None, noise: Noise, stream: str) -> Tensor:
        return networks["discriminator"](pictures, label, Dropout(noise, stream)).float()

    def _seen(self, pictures: Tensor, noise: Noise, stream: str) -> Tensor:
        return augment(pictures, noise, stream, self.augmentation) if self.augmentation > 0 else pictures
