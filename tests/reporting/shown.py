"""Generators whose pictures tell what they were asked for."""

from dataclasses import dataclass

import torch

from ganops.sampling import GenerationRequest, Samples


@dataclass(frozen=True)
class Flat:
    """A generator of flat pictures: the value tells the class, or the seed where it knows none, less the truncation."""

    classes: tuple[str, ...]
    conditional: bool = True
    side: int = 56

    def generate(self, request: GenerationRequest) -> Samples:
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
