"""The devices, cores and threads of this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import torch

from ganops.config import Device
from ganops.errors import ConfigurationError
from ganops.torch_private import has_amx, has_avx512_bf16


def choose_device(requested: Device) -> Literal["cpu", "cuda", "mps"]:
    """Return the requested device; `auto` is the first of cuda, mps and cpu that is available.

    Raises:
        ConfigurationError: the device is not available.
    """
    available: list[Literal["cpu", "cuda", "mps"]] = ["cpu"]
    if torch.backends.mps.is_available():
        available.insert(0, "mps")
    if torch.cuda.is_available():
        available.insert(0, "cuda")
    if requested == "auto":
        return available[0]
    if requested in available:
        return requested
    raise ConfigurationError(
        "training.device",
        expected="auto, or one of " + ", ".join(available),
        received=repr(requested),
        remedy="Set training.device=auto to take what the machine has.",
    )


def multiplies_bf16_faster(device: Literal["cpu", "cuda", "mps"]) -> bool:
    """Return whether bfloat16 is faster than float32, by what the hardware reports.

    A measurement would vary from run to run. These processors are faster: those with matrix units (AMX), and AMD's with
    AVX512-BF16, which trained a DCGAN 1.4 times as fast; an Intel Xeon with AVX512-BF16 and without AMX took 1.2 times
    as long as in float32 (EXPERIMENTS.md).
    """
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "mps":
        return True
    return has_amx() or (has_avx512_bf16() and _is_amd())


def core_count() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def thread_count(threads: int) -> Iterator[None]:
    """Compute with `threads` threads inside the block, and restore the number afterwards.

    Kernels that split their sums differently round differently, and a result should depend on its parameters, not on
    the machine's cores or on what ran before.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _is_amd() -> bool:
    description = Path("/proc/cpuinfo")
    return description.is_file() and "AuthenticAMD" in description.read_text(encoding="utf-8")
