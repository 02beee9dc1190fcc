"""Read and check the named tensors of a safetensors file."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Shaped, UInt8
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from ganops.errors import CheckpointError
from ganops.files import read_regular

Tensors = Mapping[str, Shaped[Tensor, "..."]]


class WrongTensors(ValueError):
    """The tensors of a file are not the expected ones; the text says what the file holds."""


@dataclass(frozen=True)
class TensorFile:
    """The sha256 of a file, and its tensors, on the CPU."""

    sha256: str
    tensors: dict[str, Tensor]


def read_tensors(path: Path) -> TensorFile:
    """Read a safetensors file whole; each of its floating-point tensors is finite.

    Raises:
        WrongTensors: the file is missing, damaged, or holds a value that is not finite.
    """
    try:
        return parse_tensors(read_regular(path))
    except OSError as error:
        raise WrongTensors(f"{type(error).__name__}: {error}") from None


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a file that a training wrote; CheckpointError where it is missing or damaged."""
    try:
        return read_tensors(path).tensors
    except WrongTensors as error:
        raise CheckpointError(
            str(path),
            expected="whole safetensors of finite values",
            received=str(error),
            remedy="Restore the file with `dvc checkout`, or train again with `kedro run --pipelines training`.",
        ) from None


def parse_tensors(content: bytes) -> TensorFile:
    """Parse the content of a safetensors file as `read_tensors` does; WrongTensors."""
    try:
        tensors = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise WrongTensors(f"{type(error).__name__}: {error}") from None
    require_finite(tensors)
    return TensorFile(hashlib.sha256(content).hexdigest(), tensors)


def require_finite(tensors: Tensors) -> None:
    """Raise WrongTensors where a floating-point tensor holds NaN or an infinity."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor.double()).all():
            raise WrongTensors(f"values in {name} that are not finite")


def require_like(tensors: Tensors, expected: Tensors) -> None:
    """Raise WrongTensors unless names, shapes and dtypes are those of `expected`, whose tensors may be on `meta`."""
    for name in sorted(expected.keys() | tensors.keys()):
        if name not in tensors:
            raise WrongTensors(f"no {name}")
        if name not in expected:
            raise WrongTensors(f"the unknown {name}")
        require_kind(name, tensors[name], expected[name])


def require_kind(name: str, tensor: Shaped[Tensor, "..."], expected: Shaped[Tensor, "..."]) -> None:
    """Raise WrongTensors unless shape and dtype are those of `expected`."""
    if (tensor.shape, tensor.dtype) != (expected.shape, expected.dtype):
        raise WrongTensors(f"{name}, {describe(tensor)}, where {describe(expected)} is wanted")


def describe(tensor: Shaped[Tensor, "..."]) -> str:
    """Return dtype and shape as a text, such as `float32 (8, 3)`."""
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


def parse_images_seen(text: str) -> int:
    """Return the images seen that a snapshot's name states in 14 digits; WrongTensors where it states none."""
    if len(text) != 14 or not text.isascii() or not text.isdigit():
        raise WrongTensors(f"a snapshot at {text!r:.40} images")
    return int(text)


def encode_text(text: str) -> UInt8[Tensor, " bytes"]:
    """Return the UTF-8 of a text as a tensor, to be stored among weights."""
    return torch.tensor(list(text.encode()), dtype=torch.uint8)


def decode_text(tensor: Shaped[Tensor, "..."]) -> str:
    """Return the text that encode_text stored; WrongTensors where the tensor holds no text."""
    if tensor.dtype != torch.uint8 or tensor.ndim != 1:
        raise WrongTensors(f"{describe(tensor)}, where a text is wanted")
    try:
        return bytes(tensor.tolist()).decode()
    except UnicodeDecodeError as error:
        raise WrongTensors(str(error)) from None
