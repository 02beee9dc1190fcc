"""Generators whose samples show what was requested."""

from dataclasses import dataclass

import torch

from ganops.games.request import LatentRequest
from ganops.sampling import Samples


@dataclass(frozen=True)
class FlatPictures:
    """Generates pictures of one value: 50 + class, or the seed without a class, plus 100 × (1 − truncation)."""

    classes: tuple[str, ...]
    conditional: bool = True
    side: int = 56

    def generate(self, request: LatentRequest) -> Samples:
        value = request.seed if request.class_label is None else 50 + int(request.class_label)
        value += round(100 * (1 - request.truncation))
        labels = torch.zeros(request.n, dtype=torch.int64) if self.conditional else None
        return Samples(torch.full((request.n, 1, self.side, self.side), value, dtype=torch.uint8), labels)

    def interpolate(
        self, start_seed: int, end_seed: int, steps: int, class_label: int | None, eased: bool = False
    ) -> torch.Tensor:
        value = (0 if class_label is None else 50 + class_label) + 100 * eased
        values = (value + torch.arange(steps)).to(torch.uint8)
        return values[:, None, None, None].expand(steps, 1, self.side, self.side)


@dataclass(frozen=True)
class PointsOnLine:
    """Generates points on the line from (−3, −3) to (3, 3), which truncation shortens; a path per class or seed."""

    classes: tuple[str, ...] = ()

    def generate(self, request: LatentRequest) -> Samples:
        along = torch.linspace(-3, 3, request.n)[:, None] * request.truncation
        labels = torch.zeros(request.n, dtype=torch.int64) if self.classes else None
        return Samples(along.expand(-1, 2), labels)

    def interpolate(
        self, start_seed: int, end_seed: int, steps: int, class_label: int | None, eased: bool = False
    ) -> torch.Tensor:
        height = start_seed / 4 - 2
        return torch.stack([torch.linspace(-3, 3, steps), torch.full((steps,), height)], dim=1)
