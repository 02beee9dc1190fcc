"""Picture completion: a generator fills a hole from the pixels around, a discriminator separates it from the original.

Pathak et al. 2016, "Context Encoders: Feature Learning by Inpainting", sections 3.2 and 3.3: a reconstruction loss in
the hole and an adversarial loss. Here the first is L1, the discriminator reads the whole picture with the mask, as in
Iizuka et al. 2017, "Globally and Locally Consistent Image Completion", and is regularized by R1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ganops.config import FieldName, MaskKind
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
from ganops.games.masks import Masks, draw_masks
from ganops.games.request import CompletionRequest, GenerationRequest
from ganops.noise import Noise
from ganops.objectives.losses import Objective
from ganops.objectives.penalties import squared_gradient


@dataclass(frozen=True)
class Completion(Game):
    """min_G max_D over `objective`, with λ · the L1 distance in the hole added to G's loss and γ · R1 to D's.

    Known pixels are kept bit for bit. A mask is 1 in the hole and 0 elsewhere.

    Attributes:
        mask: the kind of the masks of training, of evaluation, and of a request without one.
        coverage: the share of a picture's pixels that they cover.
    """

    objective: Objective
    discriminator_steps: int
    mask: MaskKind
    coverage: float

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
        """Return the mean L1 distance in the hole, from 0 to 1, and the peak signal-to-noise ratio there, in dB.

        The latter is that of the squared error over all holes: it is finite where one picture is completed exactly.
        """
        return {"l1_hole": _measure_l1, "psnr_hole": _measure_psnr}

    @property
    def baselines(self) -> Mapping[str, Baseline]:
        """Return the hole filled with the mean colour of the known pixels, and by the biharmonic equation."""
        return {"mean_colour": _fill_with_mean, "biharmonic": _fill_biharmonic}

    def reads(self) -> tuple[Read, ...]:
        """Return pictures, without labels."""
        return read_fields("image")

    def updates(self, images_seen: int) -> tuple[Update, ...]:
        """Return k updates of D, each on samples of its own, then one of G."""
        return adversarial_updates(self.discriminator_steps, self.objective.relativistic)

    def losses(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute the adversarial losses, with R1 for D and the L1 distance for G, on masks drawn for the samples."""
        real = batch["image"]
        mask = self._draw_masks(real, noise)
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
        return Losses({"loss/generator": adversarial, "loss/l1": weights["l1_weight"] * _l1(fake, real, mask)})

    def penalties(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute R1 alone; the generator has no penalty."""
        if player != "discriminator" or not weights["r1_gamma"]:
            return Losses({})
        real = batch["image"].detach().requires_grad_()
        mask = self._draw_masks(real, noise)
        return Losses(_r1(_logits(networks, real, mask), real, weights))

    def complete_conditions(self, conditions: Batch, noise: Noise) -> dict[str, Tensor]:
        """Add a mask drawn for each picture, where none is given."""
        drawn = {} if "mask" in conditions else {"mask": self._draw_masks(conditions["image"], noise)}
        return {**conditions, **drawn}

    def describe_conditions(self) -> str:
        """Return kind and coverage of the masks."""
        return f"masks {self.mask} of coverage {self.coverage:g}"

    def draw_inputs(
        self, request: GenerationRequest, noise: Noise, conditions: Batch, stream: str = "request"
    ) -> dict[str, Tensor]:
        """Return picture and mask: the completion is a function of them alone."""
        known = self.complete_conditions(conditions, noise.substream(stream))
        return {name: known[name].expand(request.n, *known[name].shape[1:]) for name in ("image", "mask")}

    def sample(self, networks: Networks, inputs: Mapping[str, Tensor]) -> Float[Tensor, "batch *shape"]:
        """Return M · G(x, M) + (1 − M) · x, the known pixels unchanged."""
        image, mask = inputs["image"], inputs["mask"]
        return torch.where(mask > 0, networks["generator"](image, mask), image)

    def _draw_masks(self, pictures: Tensor, noise: Noise) -> Masks:
        height, width = pictures.shape[2:]
        return draw_masks(self.mask, self.coverage, (height, width), noise)


def _l1(samples: Tensor, targets: Tensor, mask: Masks) -> Float[Tensor, " batch"]:
    """Return the mean absolute difference in the hole, of each sample."""
    distance = (samples - targets).abs() * mask
    return distance.flatten(1).sum(1) / (mask.flatten(1).sum(1) * targets.shape[1])


def _measure_l1(samples: Tensor, targets: Tensor, conditions: Batch) -> float:
    return float(_l1(samples / 255, targets / 255, conditions["mask"]).mean())


def _measure_psnr(samples: Tensor, targets: Tensor, conditions: Batch) -> float:
    mask = conditions["mask"]
    squared = ((samples.double() - targets) / 255).square() * mask
    values = float(mask.sum(dtype=torch.float64)) * targets.shape[1]
    # Where all values are exact: half a level in one of them.
    error = max(float(squared.sum()), (0.5 / 255) ** 2) / values
    return -10 * math.log10(error)


def _fill_with_mean(conditions: Batch) -> Tensor:
    """Return stored pictures whose hole has the mean colour of the known pixels."""
    image, known = conditions["image"], 1 - conditions["mask"]
    colour = (image * known).sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True)
    return decode("image", torch.where(known > 0, image, colour))


def _fill_biharmonic(conditions: Batch) -> Tensor:
    """Return stored pictures whose hole is the smoothest continuation of the known pixels (Damelin & Hoang 2018)."""
    from skimage.restoration import inpaint_biharmonic

    filled = [
        torch.from_numpy(inpaint_biharmonic(image.double().numpy(), mask.numpy() > 0, channel_axis=0))
        for image, (mask,) in zip(conditions["image"], conditions["mask"], strict=True)
    ]
    return decode("image", torch.stack(filled).float().clamp(-1, 1))


def _logits(networks: Networks, pictures: Tensor, mask: Tensor) -> Tensor:
    return networks["discriminator"](torch.cat([pictures, mask], dim=1)).float()


def _r1(logits: Tensor, real: Tensor, weights: LossWeights) -> dict[str, Tensor]:
    gamma = weights.get("r1_gamma", 0.0)
    return {"penalty/r1": gamma * squared_gradient(logits, real)} if gamma else {}
