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

from ganops.data.encodings import decode
from ganops.data.loader import Read
from ganops.games.game import Baseline, Batch, Domains, LossWeights, Networks
from ganops.games.picture_to_picture import PictureToPicture
from ganops.games.request import GenerationRequest, TranslationRequest
from ganops.networks.cut import Generator
from ganops.noise import Noise


@dataclass(frozen=True)
class FastCut(PictureToPicture):
    """λ · PatchNCE is added to G's loss; D reads pictures alone.

    Attributes:
        from_class: of the inputs.
        to_class: of the samples.
        temperature: τ of PatchNCE.
        patches: positions drawn for each picture and level of the encoder, without repetition.
    """

    from_class: int
    to_class: int
    temperature: float
    patches: int

    players: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "discriminator": ("discriminator",),
        "generator": ("generator", "heads"),
    }
    request = TranslationRequest
    conditions = ("input",)
    views = ("translations",)

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
        return (Read("input", "image", self.from_class), Read("image", "image", self.to_class))

    def describe_conditions(self) -> str:
        """Return the classes."""
        return f"class {self.from_class} into class {self.to_class}"

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

    def draw_inputs(
        self, request: GenerationRequest, noise: Noise, conditions: Batch, stream: str = "request"
    ) -> dict[str, Tensor]:
        """Return the inputs: the translation is a function of them alone."""
        return {"input": conditions["input"].expand(request.n, *conditions["input"].shape[1:])}

    def sample(self, networks: Networks, inputs: Mapping[str, Tensor]) -> Float[Tensor, "batch *shape"]:
        """Return G(x)."""
        return networks["generator"](inputs["input"])

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
