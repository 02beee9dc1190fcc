"""Encode pictures as PNG."""

import io

from jaxtyping import UInt8
from torch import Tensor

from ganops.data.crop_and_resize import to_image


def encode_png(image: UInt8[Tensor, "channels height width"]) -> bytes:
    """Return a PNG: grey, grey with alpha, RGB or RGBA by the number of channels; equal pixels give equal bytes."""
    pixels = image.permute(1, 2, 0).contiguous().numpy()
    file = io.BytesIO()
    to_image(pixels).save(file, format="PNG")
    return file.getvalue()
