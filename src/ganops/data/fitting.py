"""Pictures of any size and kind become samples of one shape."""

import numpy as np
from jaxtyping import UInt8
from PIL import Image

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def fit(
    pixels: UInt8[np.ndarray, "height width channels"], shape: tuple[int, int, int]
) -> UInt8[np.ndarray, "new_channels new_height new_width"]:
    """Convert the channels, crop the largest centred part of the wanted aspect ratio, resize it once.

    The filter is Lanczos, stretched by the scale when it shrinks, so that nothing aliases; pictures of the right size
    are not touched. Colours are weighted by their opacity.

    Args:
        shape: the wanted (channels, height, width).
    """
    channels, height, width = shape
    picture = _to_channels(as_picture(pixels), channels)
    if picture.size != (width, height):
        box = _centred_box(picture.size, (width, height))
        picture = picture.resize((width, height), Image.Resampling.LANCZOS, box=box)
    return np.asarray(picture, dtype=np.uint8).reshape(height, width, channels).transpose(2, 0, 1)


def as_picture(pixels: UInt8[np.ndarray, "height width channels"]) -> Image.Image:
    """Grey, grey with opacity, RGB or RGBA by the number of channels, 1 to 4."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _to_channels(picture: Image.Image, channels: int) -> Image.Image:
    mode = _MODES[channels]
    if picture.mode == mode:
        return picture
    if picture.mode in ("LA", "RGBA") and mode in ("L", "RGB"):
        # Dropping alpha would show whatever colour lies hidden where the picture is transparent.
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    return picture.convert(mode)


def _centred_box(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[float, float, float, float]:
    scale = min(size[0] / wanted[0], size[1] / wanted[1])
    left, top = (size[0] - wanted[0] * scale) / 2, (size[1] - wanted[1] * scale) / 2
    return (max(left, 0.0), max(top, 0.0), min(size[0] - left, size[0]), min(size[1] - top, size[1]))
