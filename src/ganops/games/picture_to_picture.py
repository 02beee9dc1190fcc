"""Pictures from pictures: a generator that reads a picture, a discriminator, and a loss that ties the two pictures.

`FromInput`: a sample depends on a picture alone. `Unpaired`: the data have no targets, but classes. `WithTarget`: both
networks read the same condition, and the loss is an L1 distance to a target. Isola et al. 2017, "Image-to-Image
Translation with Conditional Adversarial Networks", eq. 1 to 4; Pathak et al. 2016, "Context Encoders", eq. 3.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ganops.data.encodings import decode
from ganops.data.loader import Read
from ganops.games.game import (
    Baseline,
    Batch,
    Buffers,
    Domains,
    Game,
    Losses,
    LossWeights,
    Networks,
    Update,
    adversarial_updates,
)
from ganops.games.request import GenerationRequest, TranslationRequest
from ganops.noise import Noise
from ganops.objectives.losses import Objective
from ganops.objectives.penalties import squared_gradient


class FromInput(Game, ABC):
    """A game whose sample is a function of a picture alone, the field `input`."""

    generates = "image"
    request = TranslationRequest
    conditions = ("input",)
    views = ("translations",)
    tiled = True

    def draw_inputs(
        self, request: GenerationRequest, noise: Noise, conditions: Batch, stream: str = "request"
    ) -> dict[str, Tensor]:
        """Return the inputs."""
        return {"input": conditions["input"].expand(request.n, *conditions["input"].shape[1:])}

    def sample(self, networks: Networks, inputs: Mapping[str, Tensor]) -> Float[Tensor, "batch *shape"]:
        """Return G(x)."""
        return networks["generator"](inputs["input"])


@dataclass(frozen=True)
class Unpaired(FromInput, ABC):
    """Pictures of one class become pictures of another.

    Attributes:
        from_class: of the inputs.
        to_class: of the samples.
    """

    from_class: int
    to_class: int

    @property
    def domains(self) -> Domains:
        """Return the classes of the inputs and of the samples."""
        return Domains(self.from_class, self.to_class)

    @property
    def baselines(self) -> Mapping[str, Baseline]:
        """Return the inputs themselves."""
        return {"identity": lambda conditions: decode("image", conditions["input"])}

    def reads(self) -> tuple[Read, ...]:
        """Return pictures of both classes, each in an order of its own."""
        # Classes of one size would otherwise have one order, and pictures of equal places would always meet.
        return (Read("input", "image", self.from_class, "order/input"), Read("image", "image", self.to_class))

    def describe_conditions(self) -> str:
        """Return the classes."""
        return f"class {self.from_class} into class {self.to_class}"


@dataclass(frozen=True)
class PictureToPicture(Game):
    """min_G max_D over `objective`, with a loss between input and output added to G's, and γ · R1 to D's."""

    objective: Objective
    discriminator_steps: int

    generates = "image"
    players: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "discriminator": ("discriminator",),
        "generator": ("generator",),
    }
    inference_networks = ("generator",)
    penalty_weights = frozenset({"r1_gamma"})

    def updates(self, images_seen: int) -> tuple[Update, ...]:
        """Return k updates of D, each on samples of its own, then one of G."""
        return adversarial_updates(self.discriminator_steps, self.objective.relativistic)

    @abstractmethod
    def inputs_of(self, batch: Batch, noise: Noise) -> dict[str, Tensor]:
        """Return the inputs of `sample` for the samples of a batch."""

    @abstractmethod
    def read_by_discriminator(self, pictures: Tensor, inputs: Batch) -> Tensor:
        """Return what the discriminator reads of real or generated pictures with these inputs."""

    @abstractmethod
    def tie(
        self, networks: Networks, fake: Tensor, real: Tensor, inputs: Batch, noise: Noise, weights: LossWeights
    ) -> dict[str, Tensor]:
        """Return name → weighted loss between generated pictures and what they should keep."""

    def losses(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute the adversarial losses, with R1 for D and the tie for G."""
        real, inputs = batch["image"], self.inputs_of(batch, noise)
        fake = self.sample(networks, inputs)
        if player == "discriminator":
            real = real.detach().requires_grad_(weights.get("r1_gamma", 0.0) > 0)
            real_logits = self._logits(networks, real, inputs)
            fake_logits = self._logits(networks, fake.detach(), inputs)
            terms = {"loss/discriminator": self.objective.discriminator(real_logits, fake_logits)}
            terms |= weigh_r1(real_logits, real, weights)
            return Losses(terms, {"logit/real": real_logits, "logit/fake": fake_logits})
        with torch.no_grad():
            real_logits = self._logits(networks, real, inputs) if self.objective.relativistic else None
        adversarial = self.objective.generator(real_logits, self._logits(networks, fake, inputs))
        return Losses({"loss/generator": adversarial, **self.tie(networks, fake, real, inputs, noise, weights)})

    def penalties(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute R1 alone; the generator has no penalty."""
        if player != "discriminator" or not weights["r1_gamma"]:
            return Losses({})
        real = batch["image"].detach().requires_grad_()
        return Losses(weigh_r1(self._logits(networks, real, self.inputs_of(batch, noise)), real, weights))

    def _logits(self, networks: Networks, pictures: Tensor, inputs: Batch) -> Tensor:
        return networks["discriminator"](self.read_by_discriminator(pictures, inputs)).float()


@dataclass(frozen=True)
class WithTarget(PictureToPicture):
    """Each input has a target: λ · the L1 distance to it is added to G's loss. D reads a condition beside a picture.

    Attributes:
        condition: the input that the discriminator reads beside a picture.
    """

    condition: ClassVar[str]

    @abstractmethod
    def distance(self, fake: Tensor, target: Tensor, inputs: Batch) -> Float[Tensor, " batch"]:
        """Return the L1 distance of each sample to its target."""

    def read_by_discriminator(self, pictures: Tensor, inputs: Batch) -> Tensor:
        """Return the pictures with the condition as further channels."""
        return torch.cat([pictures, inputs[self.condition]], dim=1)

    def tie(
        self, networks: Networks, fake: Tensor, real: Tensor, inputs: Batch, noise: Noise, weights: LossWeights
    ) -> dict[str, Tensor]:
        """Return λ · the L1 distance to the targets."""
        return {"loss/l1": weights["l1_weight"] * self.distance(fake, real, inputs)}


def measure_psnr(samples: Tensor, targets: Tensor, where: Tensor) -> float:
    """Return the peak signal-to-noise ratio of stored pictures, in dB, over all values where `where` (n, 1, H, W) is 1.

    It is that of the mean squared error of all pictures: finite where one of them is exact.
    """
    squared = ((samples.double() - targets) / 255).square() * where
    values = float(where.sum(dtype=torch.float64)) * targets.shape[1]
    # Where all values are exact: half a level in one of them.
    error = max(float(squared.sum()), (0.5 / 255) ** 2) / values
    return -10 * math.log10(error)


def weigh_r1(logits: Tensor, real: Tensor, weights: LossWeights, name: str = "penalty/r1") -> dict[str, Tensor]:
    """Return γ · R1 by its name; nothing where γ is 0."""
    gamma = weights.get("r1_gamma", 0.0)
    return {name: gamma * squared_gradient(logits, real)} if gamma else {}
