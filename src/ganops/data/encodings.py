"""The only place where stored values become model values, and model values become pictures again."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

_HALF_RANGE = 127.5


def encode_images(pixels: UInt8[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
    """uint8 0 … 255 to float32 −1 … 1: v = p / 127.5 − 1."""
    return pixels.to(torch.float32).div_(_HALF_RANGE).sub_(1.0)


def decode_images(values: Float[Tensor, "batch channels height width"]) -> UInt8[Tensor, "batch channels height width"]:
    """Model values to uint8: clipped to [−1, 1], then rounded, so that `decode(encode(p)) == p` for all 256 values.

    Computed in float32: bfloat16 has too few digits to tell neighbouring pixel values apart.
    """
    return values.detach().to(torch.float32).clamp(-1.0, 1.0).add_(1.0).mul_(_HALF_RANGE).round_().to(torch.uint8)


def encode_labels(labels: Int64[Tensor, " batch"]) -> Int64[Tensor, " batch"]:
    """A class index is stored as the model reads it."""
    return labels


IMAGE_ENCODING = "uint8_symmetric"

# The name under which store.json records a field's encoding.
ENCODINGS: dict[str, Callable[[Tensor], Tensor]] = {
    IMAGE_ENCODING: encode_images,
    "class_index": encode_labels,
}
