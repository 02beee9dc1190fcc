"""Picture completion: a generator fills a hole from the pixels around it, against a discriminator of the whole picture.

Pathak et al. 2016, "Context Encoders: Feature Learning by Inpainting", sections 3.2 and 3.3: a reconstruction loss in
the hole and an adversarial loss. Here the first is L1, the discriminator sees the whole picture with the mask, as in
Iizuka et al. 2017, "Globally and Locally Consistent Image Completion", and pays R1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ganops.config import FieldName
from ganops.data.encodings import decode
from ganops.data.loader import Read, read_fields
from ganops.games.game import (
    Baseline,
    Batch,
    Buffers,
    Game,
    Losses,
    LossWeights,
    Networks,
    PairedMetric,
    Update,
    adversarial_updates,
)
from ganops.games.request import CompletionRequest, GenerationRequest
from ganops.networks.layers import centre_crop
from ganops.noise import Noise
from ganops.objectives.losses import Objective
from ganops.objectives.penalties import squared_gradient


@dataclass(frozen=True)
class Completion(Game):
    """min_G max_D over `objective`, where G also pays λ · the L1 distance in the hole and D γ · R1.

    Known pixels are kept bit for bit. A mask is 1 in the hole and 0 elsewhere.

    Attributes:
        hole: sides of the centred hole, as a share of the picture's: the hole of training, and of a request without a
            mask.
    """

    objective: Objective
    discriminator_steps: int
    hole: float

    generates: FieldName = "image"
    players: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "discriminator": ("discriminator",),
        "generator": ("generator",),
    }
    inference_networks = ("generator",)
    request = CompletionRequest
    conditions = ("image",)
    optional_conditions = ("mask",)
    penalty_weights = frozenset({"r1_gamma"})
    views = ("completions",)

    @property
    def paired_metrics(self) -> Mapping[str, PairedMetric]:
        """Return the L1 distance in the hole, in units of the range of a pixel."""
        return {"l1_hole": lambda samples, targets, request: float(self._l1(samples / 255, targets / 255).mean())}

    @property
    def baselines(self) -> Mapping[str, Baseline]:
        """Return the hole filled with the mean colour of the known pixels."""
        return {"mean_colour": self._fill_with_mean}

    def reads(self) -> tuple[Read, ...]:
        """Return a read of the pictures alone: masks are computed, labels not used."""
        return read_fields("image")

    def updates(self, images_seen: int) -> tuple[Update, ...]:
        """Return k updates of D, each on samples of its own, then one of G."""
        return adversarial_updates(self.discriminator_steps, self.objective.relativistic)

    def losses(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute one player's losses, with the hole of the training."""
        real = batch["image"]
        mask = self.centre_mask(real)
        fake = self.sample(networks, {"image": real, "mask": mask})
        if player == "discriminator":
            real = real.detach().requires_grad_(weights.get("r1_gamma", 0.0) > 0)
            real_logits, fake_logits = _logits(networks, real, mask), _logits(networks, fake.detach(), mask)
            terms = {"loss/discriminator": self.objective.discriminator(real_logits, fake_logits)}
            terms |= _r1(real_logits, real, weights)
            return Losses(terms, {"logit/real": real_logits, "logit/fake": fake_logits})
        with torch.no_grad():
            real_logits = _logits(networks, real, mask) if self.objective.relativistic else None
        adversarial = self.objective.generator(real_logits, _logits(networks, fake, mask))
        return Losses({"loss/generator": adversarial, "loss/l1": weights["l1_weight"] * self._l1(fake, real)})

    def penalties(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute R1 alone; the generator has no penalty."""
        if player != "discriminator" or not weights["r1_gamma"]:
            return Losses({})
        real = batch["image"].detach().requires_grad_()
        return Losses(_r1(_logits(networks, real, self.centre_mask(real)), real, weights))

    def draw_inputs(
        self, request: GenerationRequest, noise: Noise, conditions: Batch, stream: str = "request"
    ) -> dict[str, Tensor]:
        """Return picture and mask: the completion is a function of them alone, without noise."""
        image = conditions["image"].expand(request.n, *conditions["image"].shape[1:])
        mask = conditions["mask"] if "mask" in conditions else self.centre_mask(image)
        return {"image": image, "mask": mask.expand(request.n, *mask.shape[1:])}

    def sample(self, networks: Networks, inputs: Mapping[str, Tensor]) -> Float[Tensor, "batch *shape"]:
        """Return M · G(x, M) + (1 − M) · x, the known pixels unchanged."""
        image, mask = inputs["image"], inputs["mask"]
        return torch.where(mask > 0, networks["generator"](image, mask), image)

    def centre_mask(
        self, pictures: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch 1 height width"]:
        """Return the mask of the centred hole."""
        height, width = pictures.shape[2:]
        mask = pictures.new_zeros(len(pictures), 1, height, width)
        centre_crop(mask, max(1, round(self.hole * height)), max(1, round(self.hole * width))).fill_(1.0)
        return mask

    def _l1(self, samples: Tensor, targets: Tensor) -> Float[Tensor, " batch"]:
        """Return the mean absolute difference in the hole, of each sample."""
        mask = self.centre_mask(targets)
        distance = (samples - targets).abs() * mask
        return distance.flatten(1).sum(1) / (mask.flatten(1).sum(1) * targets.shape[1])

    def _fill_with_mean(self, conditions: Batch) -> Tensor:
        """Return stored pictures whose hole has the mean colour of the known pixels."""
        image = conditions["image"]
        known = 1 - self.centre_mask(image)
        colour = (image * known).sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True)
        return decode(self.generates, torch.where(known > 0, image, colour))


def _logits(networks: Networks, pictures: Tensor, mask: Tensor) -> Tensor:
    return networks["discriminator"](torch.cat([pictures, mask], dim=1)).float()


def _r1(logits: Tensor, real: Tensor, weights: LossWeights) -> dict[str, Tensor]:
    gamma = weights.get("r1_gamma", 0.0)
    return {"penalty/r1": gamma * squared_gradient(logits, real)} if gamma else {}
