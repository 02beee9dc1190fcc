"""Encodings of fields: stored values to model values and back. No other module converts them."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float32, Int16, Int32, Int64, Shaped, UInt8
from torch import Tensor

from ganops.config import FieldName
from ganops.data.vocabulary import ENCODING as TOKEN_NUMBER

_HALF_RANGE = 127.5
# The coordinate that becomes 1. The means of the 25 Gaussians lie at most 4 from the middle.
POINT_SCALE = 4.0
_FULL_SCALE = 32768.0


def encode_images(pixels: UInt8[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
    """Convert uint8 0 … 255 to float32 −1 … 1: v = p / 127.5 − 1."""
    return pixels.to(torch.float32).div_(_HALF_RANGE).sub_(1.0)


def decode_images(values: Float[Tensor, "batch channels height width"]) -> UInt8[Tensor, "batch channels height width"]:
    """Clip model values to [−1, 1] and round them to uint8, so that `decode(encode(p)) == p` for all 256 values.

    Computed in float32: bfloat16 has too few digits for neighbouring pixel values.
    """
    return values.detach().to(torch.float32).clamp(-1.0, 1.0).add_(1.0).mul_(_HALF_RANGE).round_().to(torch.uint8)


def encode_points(points: Float32[Tensor, "batch dimension"]) -> Float32[Tensor, "batch dimension"]:
    """Convert coordinates to model values: v = p / 4, exact in float32, so that `decode(encode(p)) == p`."""
    return points / POINT_SCALE


def decode_points(values: Float[Tensor, "batch dimension"]) -> Float32[Tensor, "batch dimension"]:
    """Convert model values to coordinates, which have no bounds: nothing is clipped."""
    return values.detach().to(torch.float32) * POINT_SCALE


def encode_waves(samples: Int16[Tensor, "batch 1 samples"]) -> Float32[Tensor, "batch 1 samples"]:
    """Convert int16 to [−1, 1): v = s / 32,768, exact in float32."""
    return samples.to(torch.float32).div_(_FULL_SCALE)


def decode_waves(values: Float[Tensor, "batch 1 samples"]) -> Int16[Tensor, "batch 1 samples"]:
    """Round model values to int16 and clip them, so that `decode(encode(s)) == s` for all 65,536 values."""
    scaled = values.detach().to(torch.float32).mul(_FULL_SCALE).round_()
    return scaled.clamp_(-_FULL_SCALE, _FULL_SCALE - 1).to(torch.int16)


def encode_tokens(tokens: Int32[Tensor, "batch length"]) -> Int64[Tensor, "batch length"]:
    """Return the numbers of tokens as torch looks them up; 0 ends a line and fills the rest."""
    return tokens.long()


def decode_tokens(tokens: Int64[Tensor, "batch length"]) -> Int32[Tensor, "batch length"]:
    """Return the numbers of tokens as they are stored."""
    return tokens.to(torch.int32)


def encode_labels(labels: Int64[Tensor, " batch"]) -> Int64[Tensor, " batch"]:
    """Return the class indices: they are stored as models read them."""
    return labels


def encode_masks(grey: UInt8[Tensor, "batch 1 height width"]) -> Float[Tensor, "batch 1 height width"]:
    """Return 1 where a mask is nearer to white than to black, else 0."""
    return (grey > _HALF_RANGE).to(torch.float32)


def decode_masks(masks: Float[Tensor, "batch 1 height width"]) -> UInt8[Tensor, "batch 1 height width"]:
    """Return white in the hole, and black elsewhere."""
    return (masks > 0).to(torch.uint8) * 255


@dataclass(frozen=True)
class Encoding:
    """How one field is stored, and how models read it.

    Attributes:
        name: in store.json.
        encode: stored values → model values.
        decode: model values → stored values; None where a field is only read.
        is_picture: whether a sample may be mirrored, left for right.
    """

    name: str
    encode: Callable[[Tensor], Tensor]
    decode: Callable[[Tensor], Tensor] | None = None
    is_picture: bool = False


# What can be generated.
ENCODINGS: dict[FieldName, Encoding] = {
    "image": Encoding("uint8_symmetric", encode_images, decode_images, is_picture=True),
    "point": Encoding("float32_quarter", encode_points, decode_points),
    "wave": Encoding("int16_pcm", encode_waves, decode_waves),
    "tokens": Encoding(TOKEN_NUMBER, encode_tokens, decode_tokens),
}
# What is only read.
LABEL = Encoding("class_index", encode_labels)
# What a translation starts from: stored as pictures are.
INPUT = ENCODINGS["image"]
# What a request, or a store of the user's own masks, brings along.
MASK = Encoding("mask_above_half", encode_masks, decode_masks)
# How the lines of a request begin.
PROMPT = ENCODINGS["tokens"]
# Every field of a batch, a request or a sample.
ALL_ENCODINGS = {**ENCODINGS, "label": LABEL, "mask": MASK, "input": INPUT, "prompt": PROMPT}
# By the name under which store.json records a field's encoding.
ENCODINGS_BY_NAME = {encoding.name: encoding for encoding in (*ENCODINGS.values(), LABEL, MASK)}


def decode(field: FieldName, values: Shaped[Tensor, "batch *shape"]) -> Shaped[Tensor, "batch *shape"]:
    """Return model values as samples of the field, as they are stored, such as uint8 of pictures."""
    decoder = ENCODINGS[field].decode
    assert decoder is not None, field
    return decoder(values)
