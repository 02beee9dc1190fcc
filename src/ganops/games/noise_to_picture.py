"""The game of Goodfellow et al. 2014: a generator turns noise into pictures, a discriminator tells them from real."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from ganops.augment import augment
from ganops.games.game import Batch, Losses, Networks
from ganops.noise import Noise
from ganops.objectives.losses import Objective
from ganops.objectives.penalties import squared_gradient


@dataclass(frozen=True)
class NoiseToPicture:
    """min_G max_D over `objective`, with γ · R1 on the real pictures and both sides augmented with strength p."""

    objective: Objective
    latent_dimension: int
    conditional: bool
    r1_gamma: float
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

    def losses(self, player: str, networks: Networks, batch: Batch, noise: Noise) -> Losses:
        """Fakes take the labels of the reals, so that both sides have the data's own class frequencies."""
        label = batch["label"] if self.conditional else None
        latent = noise.normal(f"latent/{player}", (self.latent_dimension,))
        fake = self._seen(self.generate(networks, latent, label), noise, f"fake/{player}")
        if player == "generator":
            logit = networks["discriminator"](fake, label).float()
            return Losses({"loss/generator": self.objective.generator(logit)})
        real = self._seen(batch["image"], noise, f"real/{player}")
        return self._discriminator_losses(networks, real, fake, label)

    def generate(
        self, networks: Networks, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None
    ) -> Float[Tensor, "batch channels height width"]:
        """x = G(z, y)."""
        return networks["generator"](latent, label)

    def _discriminator_losses(self, networks: Networks, real: Tensor, fake: Tensor, label: Tensor | None) -> Losses:
        penalised = self.r1_gamma > 0
        real = real.detach().requires_grad_(penalised)
        real_logit = networks["discriminator"](real, label).float()
        fake_logit = networks["discriminator"](fake, label).float()
        minimised = {"loss/discriminator": self.objective.discriminator(real_logit, fake_logit)}
        if penalised:
            minimised["penalty/r1"] = self.r1_gamma * squared_gradient(real_logit, real)
        return Losses(minimised, {"logit/real": real_logit, "logit/fake": fake_logit})

    def _seen(self, pictures: Tensor, noise: Noise, stream: str) -> Tensor:
        return augment(pictures, noise, stream, self.augmentation) if self.augmentation > 0 else pictures
