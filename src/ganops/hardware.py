"""What the machine has."""

from pathlib import Path
from typing import Literal

import torch

from ganops.config import Device
from ganops.errors import ConfigurationError


def choose_device(asked: Device) -> Literal["cpu", "cuda", "mps"]:
    """`auto` is the first of cuda, mps and cpu that there is; a device that is not there is a ConfigurationError."""
    there: list[Literal["cpu", "cuda", "mps"]] = ["cpu"]
    if torch.backends.mps.is_available():
        there.insert(0, "mps")
    if torch.cuda.is_available():
        there.insert(0, "cuda")
    if asked == "auto":
        return there[0]
    if asked in there:
        return asked
    raise ConfigurationError(
        "training.device",
        expected="auto, or one of " + ", ".join(there),
        received=repr(asked),
        remedy="Set training.device=auto to take what the machine has.",
    )


def multiplies_bf16_faster(device: Literal["cpu", "cuda", "mps"]) -> bool:
    """Whether bfloat16 pays there, by what the hardware says of itself: a measurement would be another one each time.

    Of processors those with matrix units (AMX) and AMD's with AVX512-BF16, which trained a DCGAN 1.4 times as fast; an
    Intel Xeon with AVX512-BF16 and without AMX needed 1.2 times as long as in float32 (EXPERIMENTS.md).
    """
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "mps":
        return True
    return torch.cpu._is_amx_tile_supported() or (torch.cpu._is_avx512_bf16_supported() and _is_of_amd())


def _is_of_amd() -> bool:
    description = Path("/proc/cpuinfo")
    return description.is_file() and "AuthenticAMD" in description.read_text(encoding="utf-8")
