"""The processes of one training: each computes its shard of every batch.

They hold the same weights and take the same steps: after each backward pass one all-reduce averages the gradients and
the logged means. Batch normalisation uses the shard alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True)
class Distributed:
    """One process among those of a training.

    Attributes:
        rank: number of this process; 0 is the main one, which logs and writes.
        size: number of all processes.
        local: number of processes on this machine.
    """

    rank: int = 0
    size: int = 1
    local: int = 1

    @property
    def is_main(self) -> bool:
        """Return whether this process logs and writes."""
        return self.rank == 0

    def shard(self, count: int) -> tuple[int, int]:
        """Return start and length of this process's part of `count` samples; all parts are equal."""
        assert count % self.size == 0, (count, self.size)
        return self.rank * count // self.size, count // self.size

    def threads(self, machine_threads: int) -> int:
        """Return this process's part of the threads that a training has on each machine, at least one."""
        return max(1, machine_threads // self.local)

    def average(self, parameters: Iterable[nn.Parameter], scalars: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Replace the gradients by their means over all processes, in one all-reduce that the scalars share.

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

    def join(self, values: Tensor) -> Tensor:
        """Return the rows of all processes, in the order of their shards."""
        if self.size == 1:
            return values
        parts = [torch.empty_like(values) for _ in range(self.size)]
        dist.all_gather(parts, values.contiguous())
        return torch.cat(parts)

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum over all processes."""
        if self.size > 1:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def any(self, flag: bool) -> bool:
        """Return whether the flag is set in any process, so that all decide alike."""
        return flag if self.size == 1 else bool(self.sum(torch.tensor(float(flag))) > 0)

    def barrier(self) -> None:
        """Wait until every process is here."""
        if self.size > 1:
            dist.barrier()


SINGLE_PROCESS = Distributed()
