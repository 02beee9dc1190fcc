"""What the machine has."""

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
