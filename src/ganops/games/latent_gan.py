"""The game of Goodfellow et al. 2014: a generator turns noise into samples, a discriminator tells them from real."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ganops.augment import augment
from ganops.config import AugmentationPolicy, FieldName
from ganops.games.game import Batch, Losses, LossWeights, Networks
from ganops.networks.dropout import Dropout
from ganops.noise import Noise
from ganops.objectives.losses import Objective
from ganops.objectives.penalties import gradient_penalty, interpolate_samples, squared_gradient


@dataclass(frozen=True)
class LatentGan:
    """min_G max_D over `objective`, both sides augmented with strength p; in each of its moves the discriminator also
    pays γ₁ · R1 on the real samples, γ₂ · R2 on the generated ones, and λ · the gradient penalty between the two."""

    objective: Objective
    field: FieldName
    latent_dimension: int
    conditional: bool
    discriminator_steps: int
    policy: AugmentationPolicy

    @property
    def players(self) -> dict[str, tuple[str, ...]]:
        return {"discriminator": ("discriminator",), "generator": ("generator",)}

    @property
    def moves(self) -> dict[str, int]:
        return {"discriminator": self.discriminator_steps, "generator": 1}

    @property
    def generating(self) -> tuple[str, ...]:
        return ("generator",)

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.field, "label") if self.conditional else (self.field,)

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
        """A generator that compares is to meet other reals than those that the discriminator has just moved on."""
        return ("generator",) if self.objective.relativistic else ()

    def losses(self, player: str, networks: Networks, batch: Batch, noise: Noise, strengths: LossWeights) -> Losses:
        """Fakes take the labels of the reals, so that both sides have the data's own class frequencies."""
        look = _Look(self, networks, batch, noise, strengths)
        return look.discriminator() if player == "discriminator" else look.generator()

    def penalties(self, player: str, networks: Networks, batch: Batch, noise: Noise, strengths: LossWeights) -> Losses:
        """Those of the discriminator; the generator pays none."""
        if player != "discriminator":
            return Losses({})
        return Losses(_Look(self, networks, batch, noise, strengths).penalties())

    def generate(
        self, networks: Networks, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None
    ) -> Float[Tensor, "batch *shape"]:
        """x = G(z, y)."""
        return networks["generator"](latent, label)


@dataclass(frozen=True)
class _Look:
    """One player's look at one batch."""

    game: LatentGan
    networks: Networks
    batch: Batch
    noise: Noise
    now: LossWeights

    def discriminator(self) -> Losses:
        """D's loss on reals and detached fakes, and the penalties, which share the passes of the loss."""
        real = self._real("real/discriminator").detach().requires_grad_(self.now.r1_gamma > 0)
        fake = self._fake("discriminator").detach().requires_grad_(self.now.r2_gamma > 0)
        real_logit = self._judge(real, "real/discriminator")
        fake_logit = self._judge(fake, "fake/discriminator")
        terms = {"loss/discriminator": self.game.objective.discriminator(real_logit, fake_logit)}
        terms |= self._squared_gradients(real, real_logit, fake, fake_logit) | self._between(real, fake)
        return Losses(terms, {"logit/real": real_logit, "logit/fake": fake_logit})

    def generator(self) -> Losses:
        """G's loss through D, which looks at reals only where the objective compares."""
        fake_logit = self._judge(self._fake("generator"), "fake/generator")
        real_logit = self._compared() if self.game.objective.relativistic else None
        return Losses({"loss/generator": self.game.objective.generator(real_logit, fake_logit)})

    def penalties(self) -> dict[str, Tensor]:
        """Only those passes that a penalty needs."""
        # What no penalty looks at is not made: the batch stands in its place.
        real = fake = self.batch[self.game.field]
        if self.now.r1_gamma > 0 or self.now.gradient_penalty > 0:
            real = self._real("real/discriminator").detach().requires_grad_(self.now.r1_gamma > 0)
        if self.now.r2_gamma > 0 or self.now.gradient_penalty > 0:
            fake = self._fake("discriminator").detach().requires_grad_(self.now.r2_gamma > 0)
        real_logit = self._judge(real, "real/discriminator") if self.now.r1_gamma > 0 else real
        fake_logit = self._judge(fake, "fake/discriminator") if self.now.r2_gamma > 0 else fake
        return self._squared_gradients(real, real_logit, fake, fake_logit) | self._between(real, fake)

    def _squared_gradients(
        self, real: Tensor, real_logit: Tensor, fake: Tensor, fake_logit: Tensor
    ) -> dict[str, Tensor]:
        paid = {}
        if self.now.r1_gamma > 0:
            paid["penalty/r1"] = self.now.r1_gamma * squared_gradient(real_logit, real)
        if self.now.r2_gamma > 0:
            paid["penalty/r2"] = self.now.r2_gamma * squared_gradient(fake_logit, fake)
        return paid

    def _between(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        if self.now.gradient_penalty <= 0:
            return {}
        mixed = interpolate_samples(real.detach(), fake.detach(), self.noise.uniform("interpolates")).requires_grad_()
        logit = self._judge(mixed, "interpolates")
        return {"penalty/gradient": self.now.gradient_penalty * gradient_penalty(logit, mixed)}

    @torch.no_grad()
    def _compared(self) -> Tensor:
        """The logits of reals for the generator's loss, which has no influence on them."""
        return self._judge(self._real("real/generator"), "real/generator")

    def _real(self, stream: str) -> Tensor:
        return self._augmented(self.batch[self.game.field], stream)

    def _fake(self, player: str) -> Tensor:
        latent = self.noise.normal(f"latent/{player}", (self.game.latent_dimension,))
        return self._augmented(self.game.generate(self.networks, latent, self._label), f"fake/{player}")

    def _judge(self, samples: Tensor, stream: str) -> Tensor:
        return self.networks["discriminator"](samples, self._label, Dropout(self.noise, stream)).float()

    def _augmented(self, samples: Tensor, stream: str) -> Tensor:
        strength = self.now.augmentation
        if not isinstance(strength, Tensor) and strength == 0:
            return samples
        return augment(samples, self.noise, stream, strength, self.game.policy)

    @property
    def _label(self) -> Tensor | None:
        return self.batch["label"] if self.game.conditional else None
