"""What is summed up between two logs."""

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class RunningMeans:
    """Sums of the scalars since the last log, on the device, and how many rounds each covers."""

    sums: dict[str, Tensor] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def update(self, scalars: dict[str, Tensor]) -> None:
        """One round more; a penalty that is paid lazily is in few of them."""
        for name, value in scalars.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value
            self.counts[name] = self.counts.get(name, 0) + 1

    def pop(self) -> dict[str, float]:
        """By one transfer from the device; the window is empty afterwards."""
        totals = torch.stack(list(self.sums.values())).tolist()
        means = {name: total / self.counts[name] for name, total in zip(self.sums, totals, strict=True)}
        self.sums, self.counts = {}, {}
        return means
