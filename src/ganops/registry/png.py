"""Pictures as PNG."""

import io

from jaxtyping import UInt8
from PIL import Image
from torch import Tensor


def encode_png(image: UInt8[Tensor, "channels height width"]) -> bytes:
    """Grey, grey with alpha, RGB or RGBA by the number of channels (1 to 4); equal pixels give equal bytes."""
    pixels = image.permute(1, 2, 0).contiguous().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(file, format="PNG")
    return file.getvalue()
