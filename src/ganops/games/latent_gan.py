"""The GAN of Goodfellow et al. 2014: a generator of samples against a discriminator of real and generated ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ganops.augment import ADAPTATION_UPDATES, adapt, augment
from ganops.config import AugmentationPolicy, FieldName
from ganops.games.game import Batch, Buffers, Losses, LossWeights, Networks, Update, adversarial_updates
from ganops.games.latent import LatentGame
from ganops.noise import Noise
from ganops.objectives.losses import Objective
from ganops.objectives.penalties import gradient_penalty, interpolate_samples, squared_gradient


@dataclass(frozen=True)
class AdaptiveAugmentation:
    """Karras et al. 2020 (ADA), section 3.1: p rises while r_t = E[sign D(real)] is above its target, else it falls.

    Attributes:
        initial: p before training.
        target: of r_t.
        batch: samples of an update, in all processes.
    """

    initial: float
    target: float
    batch: int


@dataclass(frozen=True)
class LatentGan(LatentGame):
    """min_G max_D over `objective`, with both sides augmented with probability p.

    In each of its updates the discriminator's loss also has γ₁ · R1 at real samples, γ₂ · R2 at generated ones, and λ ·
    the gradient penalty between the two.

    Attributes:
        projection: frozen, what the discriminator reads of samples; None: the samples themselves.
    """

    objective: Objective
    generates: FieldName
    latent_dimension: int
    conditional: bool
    discriminator_steps: int
    policy: AugmentationPolicy
    adaptive: AdaptiveAugmentation | None = None
    projection: nn.Module | None = None

    players: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "discriminator": ("discriminator",),
        "generator": ("generator",),
    }
    inference_networks = ("generator",)
    penalty_weights = frozenset({"r1_gamma", "r2_gamma", "gradient_penalty"})

    def updates(self, images_seen: int) -> tuple[Update, ...]:
        """Return k updates of D, each on samples of its own, then one of G."""
        return adversarial_updates(self.discriminator_steps, self.objective.relativistic)

    def buffers(self, device: torch.device) -> dict[str, Tensor]:
        """Return the probability of augmentation, where it is adapted, and the sums that adapt it."""
        if self.adaptive is None:
            return {}
        values = {"probability": self.adaptive.initial, "signs": 0.0, "count": 0.0}
        return {f"augmentation/{name}": torch.tensor(value, device=device) for name, value in values.items()}

    def losses(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute one player's losses; fakes have the labels of the reals, and so the data's own class frequencies."""
        forward = _Pass(self, networks, batch, noise, weights, buffers)
        return forward.discriminator() if player == "discriminator" else forward.generator()

    def penalties(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute the discriminator's penalties; the generator has none."""
        if player != "discriminator":
            return Losses({})
        return Losses(_Pass(self, networks, batch, noise, weights, buffers).penalties())

    def after_update(self, player: str, means: Mapping[str, Tensor], buffers: Buffers, update: int) -> None:
        """Adapt the probability of augmentation to the signs of D's logits of reals, if it is adaptive."""
        if self.adaptive is None or player != "discriminator":
            return
        probability, signs, count = (buffers[f"augmentation/{name}"] for name in ("probability", "signs", "count"))
        signs.add_(means["augmentation/sign"] * self.adaptive.batch)
        count.add_(self.adaptive.batch)
        if update % ADAPTATION_UPDATES == ADAPTATION_UPDATES - 1:
            adapt(probability, signs, count, self.adaptive.target)

    def sample(self, networks: Networks, inputs: Mapping[str, Tensor]) -> Float[Tensor, "batch *shape"]:
        """Return x = G(z, y)."""
        return self.generate(networks, inputs)

    def generate(self, networks: Networks, inputs: Mapping[str, Tensor]) -> Float[Tensor, "batch *seen"]:
        """Return G(z, y), in the form that the discriminator reads."""
        return networks["generator"](inputs["latent"], inputs.get("label"))


@dataclass(frozen=True)
class _Pass:
    """The passes of one player's update on one batch."""

    game: LatentGan
    networks: Networks
    batch: Batch
    noise: Noise
    weights: LossWeights
    buffers: Buffers

    def discriminator(self) -> Losses:
        """Compute D's loss on reals and detached fakes, and the penalties, which share the passes of the loss."""
        real, fake = self._real_leaf, self._fake_leaf
        real_logits, fake_logits = self._logits(real, "real/discriminator"), self._logits(fake, "fake/discriminator")
        terms = {"loss/discriminator": self.game.objective.discriminator(real_logits, fake_logits)}
        if self._weight("r1_gamma"):
            terms |= self._r1(real_logits, real)
        if self._weight("r2_gamma"):
            terms |= self._r2(fake_logits, fake)
        if self._weight("gradient_penalty"):
            terms |= self._gradient_penalty(real, fake)
        return Losses(terms, {"logit/real": real_logits, "logit/fake": fake_logits, **self._augmentation(real_logits)})

    def generator(self) -> Losses:
        """Compute G's loss through D, which reads reals only where the objective is relativistic."""
        fake_logits = self._logits(self._fake("generator"), "fake/generator")
        real_logits = self._real_logits() if self.game.objective.relativistic else None
        return Losses({"loss/generator": self.game.objective.generator(real_logits, fake_logits)})

    def penalties(self) -> dict[str, Tensor]:
        """Compute the penalties, by the passes that they need."""
        terms: dict[str, Tensor] = {}
        if self._weight("r1_gamma"):
            terms |= self._r1(self._logits(self._real_leaf, "real/discriminator"), self._real_leaf)
        if self._weight("r2_gamma"):
            terms |= self._r2(self._logits(self._fake_leaf, "fake/discriminator"), self._fake_leaf)
        if self._weight("gradient_penalty"):
            terms |= self._gradient_penalty(self._real_leaf, self._fake_leaf)
        return terms

    @cached_property
    def _real_leaf(self) -> Tensor:
        return self._real("real/discriminator").detach().requires_grad_(self._weight("r1_gamma") > 0)

    @cached_property
    def _fake_leaf(self) -> Tensor:
        return self._fake("discriminator").detach().requires_grad_(self._weight("r2_gamma") > 0)

    def _r1(self, real_logits: Tensor, real: Tensor) -> dict[str, Tensor]:
        return {"penalty/r1": self._weight("r1_gamma") * squared_gradient(real_logits, real)}

    def _r2(self, fake_logits: Tensor, fake: Tensor) -> dict[str, Tensor]:
        return {"penalty/r2": self._weight("r2_gamma") * squared_gradient(fake_logits, fake)}

    def _gradient_penalty(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        mixed = interpolate_samples(real.detach(), fake.detach(), self.noise.uniform("interpolates")).requires_grad_()
        logits = self._logits(mixed, "interpolates")
        return {"penalty/gradient": self._weight("gradient_penalty") * gradient_penalty(logits, mixed)}

    @torch.no_grad()
    def _real_logits(self) -> Tensor:
        """Compute the logits of reals for the generator's loss, which has no gradient through them."""
        return self._logits(self._real("real/generator"), "real/generator")

    def _real(self, stream: str) -> Tensor:
        return self._augment(self.game.represent(self.batch[self.game.generates]), stream)

    def _fake(self, player: str) -> Tensor:
        latent = self.noise.normal(f"latent/{player}", (self.game.latent_dimension,))
        inputs = {"latent": latent} if self._label is None else {"latent": latent, "label": self._label}
        return self._augment(self.game.generate(self.networks, inputs), f"fake/{player}")

    def _logits(self, samples: Tensor, stream: str) -> Tensor:
        discriminator = self.networks["discriminator"]
        own_noise = (self.noise.substream(f"dropout/{stream}"),) if getattr(discriminator, "draws_noise", False) else ()
        seen = samples if self.game.projection is None else self.game.projection(samples)
        return discriminator(seen, self._label, *own_noise).float()

    def _augment(self, samples: Tensor, stream: str) -> Tensor:
        probability = self._probability
        if not isinstance(probability, Tensor) and probability == 0:
            return samples
        return augment(samples, self.noise, stream, probability, self.game.policy)

    def _augmentation(self, real_logits: Tensor) -> dict[str, Tensor]:
        """Return the probability p and the signs of the logits, where p is adapted to them."""
        if self.game.adaptive is None:
            return {}
        probability = self.buffers["augmentation/probability"].clone().expand(len(real_logits))
        return {"augmentation/probability": probability, "augmentation/sign": real_logits.detach().sign()}

    @property
    def _probability(self) -> float | Tensor:
        return self.buffers.get("augmentation/probability", self._weight("augmentation"))

    def _weight(self, name: str) -> float:
        return self.weights.get(name, 0.0)

    @property
    def _label(self) -> Tensor | None:
        return self.batch["label"] if self.game.conditional else None
