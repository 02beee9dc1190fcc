"""The bytes of a picture file as pixels."""

import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from ganops.data.sources.source import UnreadablePicture

_DIRECT_MODES = ("L", "LA", "RGB", "RGBA")


def decode(content: bytes) -> UInt8[np.ndarray, "height width channels"]:
    """The pixels as a viewer shows them, 1 to 4 channels: EXIF orientation applied, palettes and CMYK resolved.

    Of an animation the first frame; of 16 bits the upper 8, rounded.

    Raises:
        UnreadablePicture: with a reason that is the same on every machine and in every run.
    """
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            return _pixels(ImageOps.exif_transpose(picture))
    except UnreadablePicture:
        raise
    except UnidentifiedImageError:
        raise UnreadablePicture("not a picture in a known format") from None  # Pillow's text holds a memory address.
    except Exception as error:  # Damaged bytes make the many decoders raise anything at all.
        raise UnreadablePicture(f"{type(error).__name__}: {error}") from None


def _pixels(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith("I"):
        return _from_16_bits(np.asarray(picture, dtype=np.int64))
    if picture.mode == "F":
        raise UnreadablePicture("floating-point pixels, whose range is not known")
    pixels = np.array(picture.convert(_plain_mode(picture)), dtype=np.uint8)
    return pixels.reshape(*pixels.shape[:2], -1)


def _plain_mode(picture: Image.Image) -> str:
    if picture.mode in _DIRECT_MODES and "transparency" not in picture.info:
        return picture.mode
    if picture.has_transparency_data:
        return "LA" if picture.mode in ("1", "L", "La", "LA") else "RGBA"
    return "L" if picture.mode == "1" else "RGB"


def _from_16_bits(values: np.ndarray) -> np.ndarray:
    if values.min() < 0 or values.max() > 65535:
        raise UnreadablePicture("integer pixels beyond 16 bits, whose range is not known")
    # 65535 / 255 = 257: rounding to the nearest multiple keeps black black and white white.
    return ((values + 128) // 257).astype(np.uint8)[:, :, np.newaxis]
