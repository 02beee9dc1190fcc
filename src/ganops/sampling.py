"""Requests → samples, in chunks of one fixed size.

Different batch sizes round differently; since every chunk is padded to the same size, and latents are addressed by
(seed, index), sample i of a request is the same bytes however many samples are asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Int, Shaped
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from ganops.data.encodings import decode
from ganops.errors import RequestError
from ganops.games.game import Game
from ganops.hardware import thread_count
from ganops.noise import Noise

CHUNK = 64


class GenerationRequest(BaseModel):
    """What is asked of a generator."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    n: int = Field(default=1, ge=1, le=2**20, description="how many samples")
    seed: int = Field(default=0, ge=0, lt=2**63, description="the same seed gives the same samples")
    class_label: Annotated[int, Field(ge=0)] | Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="a class by its number or its name; null: drawn as in the training data"
    )
    truncation: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="the scale of the latents: less varied below 1",
    )


@dataclass(frozen=True)
class Samples:
    """Values as the store holds them, and labels (n,) unless the generator knows no classes; both on the CPU.

    Of pictures (n, C, H, W) uint8, of points (n, D) float32.
    """

    values: Shaped[Tensor, "n *shape"]
    labels: Int[Tensor, " n"] | None


@dataclass(frozen=True)
class Sampler:
    """A game's generating networks with what they need to answer requests.

    `class_frequencies` are those of the training split, summing to 1; empty where there are no classes. `threads` is
    part of what determines the bytes.
    """

    game: Game
    networks: Mapping[str, nn.Module]
    latent_dimension: int
    class_frequencies: tuple[float, ...]
    device: torch.device
    threads: int

    def generate(self, request: GenerationRequest) -> Samples:
        """Samples as they are judged, pictures clipped and rounded. A class that does not exist is a RequestError."""
        noise = Noise(request.seed, first=0, count=request.n, device=self.device)
        labels = self._labels(request, noise)
        latents = request.truncation * noise.normal("request/latent", (self.latent_dimension,))
        return Samples(self.from_latents(latents, labels), None if labels is None else labels.cpu())

    @torch.inference_mode()
    def from_latents(self, latents: Tensor, labels: Tensor | None) -> Shaped[Tensor, "n *shape"]:
        """One sample a latent; latents (n, z), labels (n,) or None."""
        with thread_count(self.threads):
            chunks = [
                self._chunk(latents[start : start + CHUNK], None if labels is None else labels[start : start + CHUNK])
                for start in range(0, len(latents), CHUNK)
            ]
        return torch.cat(chunks)

    def interpolate(
        self, start_seed: int, end_seed: int, steps: int, class_label: int | None, eased: bool = False
    ) -> Shaped[Tensor, "steps *shape"]:
        """Samples on the great circle between the latents of two seeds (White 2016), both ends among them.

        Directions go along the circle, and lengths evenly from one to the other: where few latents lie nearly opposite
        each other, the formula for ends of one length would leave the data's world half way.

        They stand at even distances, or `eased`: t = (1 − cos πs) / 2, close together at the ends, so that a movement
        back and forth turns gently.

        A generator that knows classes wants one, and the seeds must differ: else RequestError.
        """
        labels = self._one_class(steps, class_label)
        if start_seed == end_seed:
            raise RequestError(
                "end_seed", expected="another seed than start_seed", received=str(end_seed), remedy="Ask for two seeds."
            )
        ends = [
            Noise(seed, 0, 1, self.device).normal("request/latent", (self.latent_dimension,))
            for seed in (start_seed, end_seed)
        ]
        even = torch.linspace(0, 1, steps, device=self.device)[:, None]
        along = (1 - torch.cos(torch.pi * even)) / 2 if eased else even
        return self.from_latents(_great_circle(ends[0], ends[1], along), labels)

    def _one_class(self, count: int, class_label: int | str | None) -> Tensor | None:
        if class_label is None and not self.class_frequencies:
            return None
        return torch.full((count,), self._checked(class_label), device=self.device)

    def _chunk(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        count, missing = len(latents), CHUNK - len(latents)
        latents = torch.cat([latents, latents.new_zeros(missing, latents.shape[1])])
        labels = None if labels is None else torch.cat([labels, labels.new_zeros(missing)])
        return decode(self.game.field, self.game.generate(self.networks, latents, labels))[:count].cpu()

    def _labels(self, request: GenerationRequest, noise: Noise) -> Tensor | None:
        if request.class_label is not None or not self.class_frequencies:
            return self._one_class(request.n, request.class_label)
        edges = np.cumsum(self.class_frequencies)[:-1]
        drawn = np.searchsorted(edges, noise.uniform("request/label").cpu().numpy(), side="right")
        return torch.from_numpy(drawn).to(self.device)

    def _checked(self, class_label: int | str | None) -> int:
        classes = len(self.class_frequencies)
        if isinstance(class_label, int) and class_label < classes:
            return class_label
        raise RequestError(
            "class_label",
            expected=f"0 to {classes - 1}" if classes else "null, since this generator knows no classes",
            received=repr(class_label),
            remedy="Ask for a class of the model card, or for none.",
        )


def _great_circle(start: Tensor, end: Tensor, along: Tensor) -> Tensor:
    """From one latent (1, z) to another, at the shares `along` (steps, 1) of the way."""
    if start.shape[1] == 1:
        return torch.lerp(start, end, along)  # A line has no circle: its latents lie at an angle of 0 or π.
    lengths = torch.lerp(start.norm(), end.norm(), along)
    start, end = start / start.norm(), end / end.norm()
    angle = torch.acos(torch.cosine_similarity(start, end))
    return lengths * (torch.sin((1 - along) * angle) * start + torch.sin(along * angle) * end) / torch.sin(angle)
