"""The processes that play one training together: each computes its share of every batch.

They hold the same weights and take the same steps: a player's gradients, and with them the means that are logged, are
averaged by one all-reduce after its last backward. Batch normalisation sees the share alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True)
class Distributed:
    """Which of `size` processes this one is; the one of rank 0 writes. `local` of them are on this machine."""

    rank: int = 0
    size: int = 1
    local: int = 1

    @property
    def leads(self) -> bool:
        """Whether it is this process that logs and writes."""
        return self.rank == 0

    def share(self, count: int) -> tuple[int, int]:
        """Start and length of this process's part of `count` samples; all parts are equal."""
        assert count % self.size == 0, (count, self.size)
        return self.rank * count // self.size, count // self.size

    def threads(self, of_the_machine: int) -> int:
        """This process's part of the threads that a training has on each machine, at least one."""
        return max(1, of_the_machine // self.local)

    def average(self, parameters: Iterable[nn.Parameter], scalars: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Every process's gradients become the mean over all, by one all-reduce, which the scalars share.

        Returns:
            the means of the scalars, on the parameters' device.
        """
        if self.size == 1:
            return dict(scalars)
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        parts = [*gradients, *scalars.values()]
        flat = torch.cat([part.reshape(-1) for part in parts]) / self.size
        dist.all_reduce(flat)
        means = flat.split([part.numel() for part in parts])
        for gradient, mean in zip(gradients, means[: len(gradients)], strict=True):
            gradient.copy_(mean.view_as(gradient))
        return {name: mean[0] for name, mean in zip(scalars, means[len(gradients) :], strict=True)}

    def total(self, values: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.size > 1:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def any(self, flag: bool) -> bool:
        """Whether it holds in one of the processes: what they decide by it, they decide alike."""
        return flag if self.size == 1 else bool(self.total(torch.tensor(float(flag))) > 0)


SINGLE_PROCESS = Distributed()
