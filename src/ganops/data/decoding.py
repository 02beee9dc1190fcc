"""The bytes of a picture file as pixels.

Formats: JPEG, PNG, GIF, BMP, WebP, TIFF, PPM and its kin, JPEG 2000 and AVIF (where Pillow was built with it). Pillow
knows many more, some of which start other programs or draw vectors; those are no pictures here.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from ganops.data.sources.source import UnreadablePicture

_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")
# Below the number at which Pillow itself refuses, so that it takes no change of Pillow's global limit.
_MOST_PIXELS = 160_000_000
_TOO_MANY_PIXELS = f"more than {_MOST_PIXELS // 10**6} million pixels"
_DIRECT_MODES = ("L", "LA", "RGB", "RGBA")
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Decoded:
    """A picture as it lies in its file, of mode L, LA, RGB or RGBA.

    Args:
        extent: width and height that the pixels span. Of a shrunk picture the last column and row may be covered in
            part: 131.25 of 132.
        turn: what EXIF asks to be done before it is shown.
    """

    picture: Image.Image
    extent: tuple[float, float]
    turn: Image.Transpose | None

    @property
    def sideways(self) -> bool:
        """Whether width and height change places when it is turned."""
        return self.turn in (_TURNS[5], _TURNS[6], _TURNS[7], _TURNS[8])


def decode(content: bytes) -> UInt8[np.ndarray, "height width channels"]:
    """The pixels as a viewer shows them, 1 to 4 channels: EXIF orientation applied, palettes and CMYK resolved.

    Of an animation the first frame, of several pages the first. Of 16 bits the upper 8: rounded where there is one
    channel, cut off in colour, as Pillow reads it.

    Raises:
        UnreadablePicture: with a reason that is the same on every machine and in every run.
    """
    decoded = read(content)
    picture = decoded.picture if decoded.turn is None else decoded.picture.transpose(decoded.turn)
    pixels = np.array(picture, dtype=np.uint8)
    return pixels.reshape(*pixels.shape[:2], -1)


def read(content: bytes, least: tuple[int, int] | None = None) -> Decoded:
    """The picture before it is turned, shrunk on the way where that is cheap.

    A JPEG is rebuilt at 1/2, 1/4 or 1/8 of its size, straight from its cosine coefficients, as long as it stays twice
    as large as `least` both ways. Resized from there by Lanczos to 64 × 64 it differs little from the long way:
    55 dB PSNR for scenes of 24 megapixels, 43 dB at the least where the margin is just two (a test holds 40).

    Args:
        least: (height, width) that will be made of it, once turned.

    Raises:
        UnreadablePicture: as `decode`.
    """
    with _opened(content) as picture:
        extent = _shrink(picture, least) if least is not None and picture.format in ("JPEG", "MPO") else None
        picture.load()
        return Decoded(_plain(picture), extent or _whole(picture), _turn(picture))


def read_shape(content: bytes) -> tuple[int, int, int]:
    """Height, width and channels that `decode` would give, from the header alone.

    EXIF that stands behind the pixels, as a PNG may have it, is not seen.

    Raises:
        UnreadablePicture: where the header is damaged; pixels may still be.
    """
    with _opened(content) as picture:
        decoded = Decoded(picture, _whole(picture), _turn(picture))
        width, height = reversed(picture.size) if decoded.sideways else picture.size
        return height, width, 1 if _is_16_bit(picture) else len(_plain_mode(picture))


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise UnreadablePicture(_TOO_MANY_PIXELS)
            yield picture
    except (UnreadablePicture, MemoryError):  # Short of memory is the machine, not the picture.
        raise
    except UnidentifiedImageError:
        raise UnreadablePicture(
            "not a picture in a known format" if content else "not a picture: an empty file"
        ) from None
    except Image.DecompressionBombError:
        raise UnreadablePicture(_TOO_MANY_PIXELS) from None
    except Exception as error:  # Damaged bytes make the many decoders raise anything at all.
        text = re.sub(r" at 0x[0-9a-fA-F]+", "", str(error))
        raise UnreadablePicture(f"{type(error).__name__}: {text}") from None


def _whole(picture: Image.Image) -> tuple[float, float]:
    return float(picture.width), float(picture.height)


def _shrink(picture: Image.Image, least: tuple[int, int]) -> tuple[float, float] | None:
    height, width = least
    if max(picture.size) < 4 * min(least):
        return None  # So small that asking how it is turned is the dearest part.
    if Decoded(picture, _whole(picture), _turn(picture)).sideways:
        height, width = width, height
    drafted = picture.draft(None, (2 * width, 2 * height))
    return (drafted[1][2], drafted[1][3]) if drafted else None


def _turn(picture: Image.Image) -> Image.Transpose | None:
    if picture.format == "TIFF":
        return None  # Pillow turns these itself while it loads them.
    try:
        # Not picture.getexif(): for a PNG that decodes all pixels first.
        return _TURNS.get(Image.Image.getexif(picture).get(_ORIENTATION, 1))
    except Exception:  # Damaged EXIF says nothing; viewers show such pictures as they lie.
        return None


def _plain(picture: Image.Image) -> Image.Image:
    if _is_16_bit(picture):
        return _from_16_bits(np.asarray(picture, dtype=np.int64))
    mode = _plain_mode(picture)
    return picture if picture.mode == mode else picture.convert(mode)


def _is_16_bit(picture: Image.Image) -> bool:
    if picture.mode == "F":
        raise UnreadablePicture("floating-point pixels, whose range is not known")
    return picture.mode.startswith("I")


def _plain_mode(picture: Image.Image) -> str:
    if picture.mode in _DIRECT_MODES and "transparency" not in picture.info:
        return picture.mode
    if picture.has_transparency_data:
        return "LA" if picture.mode in ("1", "L", "La", "LA") else "RGBA"
    return "L" if picture.mode in ("1", "L") else "RGB"


def _from_16_bits(values: np.ndarray) -> Image.Image:
    if values.min() < 0 or values.max() > 65535:
        raise UnreadablePicture("integer pixels beyond 16 bits, whose range is not known")
    # 65535 / 255 = 257: rounding to the nearest multiple keeps black black and white white.
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))
