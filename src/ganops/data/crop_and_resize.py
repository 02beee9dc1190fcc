"""Pictures of any size and kind become samples of one shape."""

import numpy as np
from jaxtyping import Integer, UInt8
from PIL import Image

from ganops.config import DEFAULT_LIMITS, PictureLimits
from ganops.data.decoding import Decoded, read
from ganops.data.sources.source import UnreadablePicture
from ganops.data.white import FULL_RANGE, White, to_bytes

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_LEAST_SHARE_KEPT = 0.01
_ROWS_A_STRIP = 256

Sample = UInt8[np.ndarray, "new_channels new_height new_width"]


def fit(
    pixels: Integer[np.ndarray, "height width channels"], shape: tuple[int, int, int], white: White = FULL_RANGE
) -> Sample:
    """Convert the channels, crop the largest centred part of the wanted aspect ratio, resize it once.

    The filter is Lanczos, stretched by the scale when it shrinks, so that nothing aliases; pictures of the right size
    are not touched. Colours are weighted by their opacity.

    Args:
        pixels: of 8 or 16 bits.
        shape: the wanted (channels, height, width).
        white: the values that become 255.

    Raises:
        UnreadablePicture: there are no pixels, or the crop would keep less than a hundredth of them.
    """
    if pixels.size == 0:
        raise UnreadablePicture("no pixels")
    picture = as_picture(to_bytes(pixels, white))
    return _fit(Decoded(picture, (float(picture.width), float(picture.height)), None), shape)


def fit_file(
    content: bytes, shape: tuple[int, int, int], white: White = FULL_RANGE, limits: PictureLimits = DEFAULT_LIMITS
) -> Sample:
    """What `fit` makes of the bytes of a picture file; large JPEGs are shrunk while they are decoded.

    The picture is turned as EXIF says when it is small already.

    Raises:
        UnreadablePicture: as `fit` and `decoding.decode`.
    """
    with read(content, shape[1:], white, limits) as decoded:
        return _fit(decoded, shape)


def as_picture(pixels: UInt8[np.ndarray, "height width channels"]) -> Image.Image:
    """Grey, grey with opacity, RGB or RGBA by the number of channels, 1 to 4."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _fit(decoded: Decoded, shape: tuple[int, int, int]) -> Sample:
    channels, height, width = shape
    size = (height, width) if decoded.sideways else (width, height)
    box = _centred_box(decoded.extent, size)
    picture = _to_channels(decoded.picture, channels)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS, box=box)
    if decoded.turn is not None:
        picture = picture.transpose(decoded.turn)
    return np.asarray(picture, dtype=np.uint8).reshape(height, width, channels).transpose(2, 0, 1)


def _to_channels(picture: Image.Image, channels: int) -> Image.Image:
    mode = _MODES[channels]
    if picture.mode == mode:
        return picture
    if picture.mode in ("LA", "RGBA") and mode in ("L", "RGB"):
        # Dropping alpha would show whatever colour lies hidden where the picture is transparent.
        return _on_white(picture, mode)
    return picture.convert(mode)


def _on_white(picture: Image.Image, mode: str) -> Image.Image:
    result = Image.new(mode, picture.size)
    # In strips, because large pictures would stand in memory five times.
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
