"""What games have in common whose samples are made from latents."""

from abc import ABC
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ganops.data.loader import Read, read_fields
from ganops.errors import RequestError
from ganops.games.game import Batch, Game
from ganops.games.request import GenerationRequest, LatentRequest
from ganops.noise import Noise


class LatentGame(Game, ABC):
    """A game whose `sample` maps a latent of N(0, I), and a label where it is conditional, to a sample.

    Attributes:
        latent_dimension: of the latents.
        conditional: whether it reads labels.
    """

    latent_dimension: int
    conditional: bool

    request: ClassVar[type[GenerationRequest]] = LatentRequest
    views: ClassVar[tuple[str, ...]] = (
        "samples",
        "interpolation",
        "animation",
        "truncations",
        "real_beside_generated",
        "nearest_neighbours",
    )

    @property
    def conditions(self) -> tuple[str, ...]:
        """Return the label's field, where the game is conditional."""
        return ("label",) if self.conditional else ()

    def reads(self) -> tuple[Read, ...]:
        """Return reads of the samples, and of labels where the game is conditional."""
        return read_fields(self.generates, *self.conditions)

    def draw_inputs(
        self, request: GenerationRequest, noise: Noise, conditions: Batch, stream: str = "request"
    ) -> dict[str, Tensor]:
        """Return `latent`, (n, z) standard normal times the request's truncation, and `label` where it is known."""
        truncation = request.truncation if isinstance(request, LatentRequest) else 1.0
        latent = truncation * noise.normal(f"{stream}/latent", (self.latent_dimension,))
        return {"latent": latent, **{name: conditions[name] for name in ("label",) if name in conditions}}

    def interpolate(
        self, start_seed: int, end_seed: int, steps: int, device: torch.device, eased: bool = False
    ) -> Float[Tensor, "steps latent"]:
        """Return the latents on the great circle between those of two seeds (White 2016), both ends among them.

        Directions go along the circle, and lengths evenly from one to the other: where few latents lie nearly opposite
        each other, the formula for ends of one length would leave the data's region half way.

        Args:
            start_seed: of the first latent.
            end_seed: another seed.
            steps: number of latents.
            device: of the latents.
            eased: t = (1 − cos πs) / 2, close together at the ends, so that an animation back and forth reverses
                smoothly; otherwise at even distances.

        Raises:
            RequestError: the seeds are equal.
        """
        if start_seed == end_seed:
            raise RequestError(
                "end_seed", expected="another seed than start_seed", received=str(end_seed), remedy="Ask for two seeds."
            )
        even = torch.linspace(0, 1, steps, device=device)[:, None]
        shares = (1 - torch.cos(torch.pi * even)) / 2 if eased else even
        start, end = (
            self.draw_inputs(LatentRequest(seed=seed), Noise(seed, 0, 1, device), {})["latent"]
            for seed in (start_seed, end_seed)
        )
        return _follow_great_circle(start, end, shares)


def _follow_great_circle(start: Tensor, end: Tensor, shares: Tensor) -> Tensor:
    """Return latents at the shares (steps, 1) of the way from one latent (1, z) to another."""
    if start.shape[1] == 1:
        return torch.lerp(start, end, shares)  # A line has no circle: its latents lie at an angle of 0 or π.
    lengths = torch.lerp(start.norm(), end.norm(), shares)
    start, end = start / start.norm(), end / end.norm()
    angle = torch.acos(torch.cosine_similarity(start, end))
    return lengths * (torch.sin((1 - shares) * angle) * start + torch.sin(shares * angle) * end) / torch.sin(angle)
