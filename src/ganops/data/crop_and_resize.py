"""Converts pictures of any size and mode to samples of one shape."""

import numpy as np
from jaxtyping import Integer, UInt8
from PIL import Image

from ganops.data.decoding import Decoded, open_picture
from ganops.data.sources.source import UnreadablePicture
from ganops.data.white import FULL_RANGE, White, to_bytes
from ganops.preparation_config import DEFAULT_LIMITS, PictureLimits

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_LEAST_SHARE_KEPT = 0.01
_ROWS_A_STRIP = 256

Sample = UInt8[np.ndarray, "new_channels new_height new_width"]


def crop_and_resize(
    pixels: Integer[np.ndarray, "height width channels"], shape: tuple[int, int, int], white: White = FULL_RANGE
) -> Sample:
    """Convert the channels, crop the largest centred part of the target's aspect ratio, and resize it once.

    The filter is an antialiased Lanczos; pictures of the target's size are not resampled. Transparent pixels are
    blended with white.

    Args:
        pixels: 8 or 16 bits.
        shape: (channels, height, width) of the result.
        white: the values that become 255.

    Raises:
        UnreadablePicture: there are no pixels, or the crop would keep less than a hundredth of them.
    """
    if pixels.size == 0:
        raise UnreadablePicture("no pixels")
    picture = to_image(to_bytes(pixels, white))
    return _crop_and_resize(Decoded(picture, (float(picture.width), float(picture.height)), None), shape)


def crop_and_resize_file(
    content: bytes, shape: tuple[int, int, int], white: White = FULL_RANGE, limits: PictureLimits = DEFAULT_LIMITS
) -> Sample:
    """Decode a picture file and apply `crop_and_resize`; large JPEGs are downscaled while they are decoded.

    The EXIF orientation is applied after resizing, which is cheaper.

    Raises:
        UnreadablePicture: as `crop_and_resize` and `decoding.decode`.
    """
    with open_picture(content, shape[1:], white, limits) as decoded:
        return _crop_and_resize(decoded, shape)


def to_image(pixels: UInt8[np.ndarray, "height width channels"]) -> Image.Image:
    """Return a Pillow image of mode L, LA, RGB or RGBA, by the number of channels."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _crop_and_resize(decoded: Decoded, shape: tuple[int, int, int]) -> Sample:
    channels, height, width = shape
    size = (height, width) if decoded.swaps_sides else (width, height)
    box = _centred_box(decoded.extent, size)
    picture = _to_channels(decoded.picture, channels)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS, box=box)
    if decoded.transpose is not None:
        picture = picture.transpose(decoded.transpose)
    return np.asarray(picture, dtype=np.uint8).reshape(height, width, channels).transpose(2, 0, 1)


def _to_channels(picture: Image.Image, channels: int) -> Image.Image:
    mode = _MODES[channels]
    if picture.mode == mode:
        return picture
    if picture.mode in ("LA", "RGBA") and mode in ("L", "RGB"):
        # Dropping alpha would reveal the colours of transparent pixels.
        return _on_white(picture, mode)
    return picture.convert(mode)


def _on_white(picture: Image.Image, mode: str) -> Image.Image:
    result = Image.new(mode, picture.size)
    # In strips: a large picture would otherwise be in memory five times.
    for top in range(0, picture.height, _ROWS_A_STRIP):
        box = (0, top, picture.width, min(top + _ROWS_A_STRIP, picture.height))
        strip = picture.crop(box).convert("RGBA")
        white = Image.new("RGBA", strip.size, "white")
        result.paste(Image.alpha_composite(white, strip).convert(mode), box[:2])
    return result


def _centred_box(extent: tuple[float, float], wanted: tuple[int, int]) -> tuple[float, float, float, float]:
    scale = min(extent[0] / wanted[0], extent[1] / wanted[1])
    if scale**2 * wanted[0] * wanted[1] < _LEAST_SHARE_KEPT * extent[0] * extent[1]:
        raise UnreadablePicture("so narrow that the crop would keep less than a hundredth of it")
    left, top = (extent[0] - wanted[0] * scale) / 2, (extent[1] - wanted[1] * scale) / 2
    return (max(left, 0.0), max(top, 0.0), min(extent[0] - left, extent[0]), min(extent[1] - top, extent[1]))
