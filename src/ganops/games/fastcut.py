"""Unpaired translation by contrastive learning (FastCUT): pictures of one class become pictures of another.

Park et al. 2020, "Contrastive Learning for Unpaired Image-to-Image Translation": an adversarial loss, and PatchNCE
(equation 3), by which a square of the output belongs to the square of the input at its place and to no other. One
generator and one discriminator, and no pass of the target's pictures through the generator (section 4: FastCUT).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from ganops.games.game import Batch, LossWeights, Networks
from ganops.games.picture_to_picture import PictureToPicture, Unpaired
from ganops.networks.cut import Generator
from ganops.noise import Noise


@dataclass(frozen=True)
class FastCut(Unpaired, PictureToPicture):
    """λ · PatchNCE is added to G's loss; D reads pictures alone.

    Attributes:
        temperature: τ of PatchNCE.
        patches: positions drawn for each picture and level of the encoder, without repetition.
    """

    temperature: float
    patches: int

    players: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "discriminator": ("discriminator",),
        "generator": ("generator", "heads"),
    }

    def inputs_of(self, batch: Batch, noise: Noise) -> dict[str, Tensor]:
        """Return the inputs."""
        return {"input": batch["input"]}

    def read_by_discriminator(self, pictures: Tensor, inputs: Batch) -> Tensor:
        """Return the pictures."""
        return pictures

    def tie(
        self, networks: Networks, fake: Tensor, real: Tensor, inputs: Batch, noise: Noise, weights: LossWeights
    ) -> dict[str, Tensor]:
        """Return λ · PatchNCE between inputs and outputs, the mean over the levels of the encoder."""
        generator, heads = cast(Generator, networks["generator"]), networks["heads"]
        of_output, of_input = generator.encode(fake), generator.encode(inputs["input"])
        positions = [self._draw_positions(maps, noise, level) for level, maps in enumerate(of_input)]
        queries = heads(of_output, positions)
        keys = heads([maps.detach() for maps in of_input], positions)
        terms = [patch_nce(q, k.detach(), self.temperature) for q, k in zip(queries, keys, strict=True)]
        return {"loss/nce": weights["nce_weight"] * torch.stack(terms).mean(0)}

    def _draw_positions(self, maps: Tensor, noise: Noise, level: int) -> Int[Tensor, "batch patches"]:
        count = maps.shape[2] * maps.shape[3]
        return noise.uniform(f"patches/{level}", (count,)).argsort(1)[:, : self.patches]


def patch_nce(
    queries: Float[Tensor, "batch patches dimension"],
    keys: Float[Tensor, "batch patches dimension"],
    temperature: float,
) -> Float[Tensor, " batch"]:
    """Return the cross-entropy of finding each query's key among all keys of the same picture (equation 3)."""
    logits = queries @ keys.transpose(1, 2) / temperature
    own = torch.arange(logits.shape[1], device=logits.device).expand(logits.shape[:2])
    return F.cross_entropy(logits.transpose(1, 2), own, reduction="none").mean(1)
