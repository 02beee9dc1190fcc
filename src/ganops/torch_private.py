"""The private names of torch that this package uses: a torch upgrade checks this module, and each has a test."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm
from torch.nn.utils.parametrizations import _SpectralNorm as SpectralNorm

__all__ = ["BatchNorm", "SpectralNorm", "has_amx", "has_avx512_bf16", "lerp_"]


def lerp_(tensors: Iterable[Tensor], targets: Iterable[Tensor], weight: float) -> None:
    """Move each tensor in place towards its target by a share `weight` of the distance."""
    torch._foreach_lerp_(list(tensors), list(targets), weight)


def has_amx() -> bool:
    """Return whether the processor has the matrix units that multiply bfloat16."""
    return torch.cpu._is_amx_tile_supported()


def has_avx512_bf16() -> bool:
    """Return whether the processor has the AVX512 instructions for bfloat16."""
    return torch.cpu._is_avx512_bf16_supported()
