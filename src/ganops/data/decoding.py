"""Decodes picture files.

Formats: JPEG, PNG, GIF, BMP, WebP, TIFF, PPM and related ones, JPEG 2000 and AVIF (where Pillow was built with it).
Pillow's other formats are refused: some of them start other programs or draw vectors.
"""

import io
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from ganops.data.pixel_budget import PixelBudget
from ganops.data.sources.source import UnreadablePicture
from ganops.data.white import BYTE, FULL_RANGE, WORD, UnknownWhite, White, count_colours, scale
from ganops.preparation_config import DEFAULT_LIMITS, PictureLimits

_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")
# JPEG 2000 is decoded to four bytes per value before there is a picture.
_PIXELS_EACH = {"JPEG2000": 3}
_BUDGET = PixelBudget(50_000_000)
_DIRECT_MODES = ("L", "LA", "RGB", "RGBA")
_ORIENTATION = 0x0112
_TRANSPOSES = {
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
    """A picture as stored in its file, of mode L, LA, RGB or RGBA.

    Attributes:
        picture: the pixels, before the EXIF orientation is applied.
        extent: width and height that the pixels cover. The last column and row of a downscaled picture may be covered
            in part: 131.25 of 132.
        transpose: the operation that applies the EXIF orientation; None: none is needed.
    """

    picture: Image.Image
    extent: tuple[float, float]
    transpose: Image.Transpose | None

    @property
    def swaps_sides(self) -> bool:
        """Return whether the EXIF orientation swaps width and height."""
        return self.transpose in (_TRANSPOSES[5], _TRANSPOSES[6], _TRANSPOSES[7], _TRANSPOSES[8])


@dataclass(frozen=True)
class Peak:
    """The largest value of a picture's colours, and whether the picture has 16 bits."""

    value: int
    is_16_bit: bool


def decode(
    content: bytes, white: White = FULL_RANGE, limits: PictureLimits = DEFAULT_LIMITS
) -> UInt8[np.ndarray, "height width channels"]:
    """Decode the pixels as a viewer does, 1 to 4 channels: EXIF orientation applied, palettes and CMYK resolved.

    An animation gives its first frame, a document its first page. One channel of 16 bits is scaled to 8 by its white;
    16-bit colour keeps its upper 8 bits, as Pillow reads it.

    Raises:
        UnreadablePicture: with a reason that is the same on every machine and in every run.
    """
    with open_picture(content, white=white, limits=limits) as decoded:
        picture = decoded.picture if decoded.transpose is None else decoded.picture.transpose(decoded.transpose)
        pixels = np.array(picture, dtype=np.uint8)
        return pixels.reshape(*pixels.shape[:2], -1)


@contextmanager
def open_picture(
    content: bytes,
    min_size: tuple[int, int] | None = None,
    white: White = FULL_RANGE,
    limits: PictureLimits = DEFAULT_LIMITS,
) -> Iterator[Decoded]:
    """Decode the picture without applying its EXIF orientation; its pixels count against the budget inside the block.

    A JPEG is decoded at 1/2, 1/4 or 1/8 of its size, directly from its DCT coefficients, if it stays at least twice as
    large as `min_size` in both directions. Resized from there by Lanczos to 64 × 64 it differs little from a full
    decode: 55 dB PSNR for 24-megapixel scenes, at least 43 dB where the margin is just two (a test requires 40).

    Args:
        content: the bytes of the file.
        min_size: (height, width) of the picture that will be made of it, orientation applied; None: decode in full.
        white: the values that become 255.
        limits: on the number of pixels.

    Raises:
        UnreadablePicture: as `decode`.
    """
    with ExitStack() as memory:
        yield _decode(content, min_size, white, limits, memory)


def _decode(
    content: bytes, min_size: tuple[int, int] | None, white: White, limits: PictureLimits, memory: ExitStack
) -> Decoded:
    with _open(content, limits) as picture:
        # A progressive JPEG keeps all its coefficients in memory, at whatever scale it is decoded.
        whole = _count_pixels(picture) if "progressive" in picture.info else 0
        extent = _shrink(picture, min_size) if min_size is not None and picture.format in ("JPEG", "MPO") else None
        memory.enter_context(_BUDGET.take(max(whole, _count_pixels(picture))))
        picture.load()
        return Decoded(_to_plain_mode(picture, white), extent or _full_extent(picture), _find_transpose(picture))


def read_shape(content: bytes, limits: PictureLimits = DEFAULT_LIMITS) -> tuple[int, int, int]:
    """Read the height, width and channels that `decode` would return, from the header alone.

    EXIF after the pixels, as a PNG may have it, is not read.

    Raises:
        UnreadablePicture: the header is damaged. Damaged pixels are not noticed.
    """
    with _open(content, limits) as picture:
        decoded = Decoded(picture, _full_extent(picture), _find_transpose(picture))
        width, height = reversed(picture.size) if decoded.swaps_sides else picture.size
        return height, width, 1 if _has_16_bit_mode(picture) else len(_plain_mode(picture))


def is_16_bit(content: bytes, limits: PictureLimits = DEFAULT_LIMITS) -> bool:
    """Return whether the picture has one channel of 16 bits; UnreadablePicture as `read_shape`."""
    with _open(content, limits) as picture:
        return _has_16_bit_mode(picture)


def find_peak(content: bytes, limits: PictureLimits = DEFAULT_LIMITS) -> Peak:
    """Find the largest value, before any scaling; UnreadablePicture as `decode`."""
    with _open(content, limits) as picture, _BUDGET.take(_count_pixels(picture)):
        picture.load()
        if _has_16_bit_mode(picture):
            return Peak(int(_to_16_bits(picture).max()), is_16_bit=True)
        plain = _to_plain_mode(picture, FULL_RANGE)
        bands = plain.split()[: count_colours(len(plain.getbands()))]
        return Peak(max(int(np.asarray(band).max()) for band in bands), is_16_bit=False)


@contextmanager
def _open(content: bytes, limits: PictureLimits) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if _count_pixels(picture) > limits.megapixels * 1_000_000:
                raise UnreadablePicture(_too_many_pixels(limits))
            yield picture
    except (
        UnreadablePicture,
        UnknownWhite,
        MemoryError,
    ):  # A lack of memory is the machine's fault, not the picture's.
        raise
    except UnidentifiedImageError:
        raise UnreadablePicture(
            "not a picture in a known format" if content else "not a picture: an empty file"
        ) from None
    except Image.DecompressionBombError:
        raise UnreadablePicture(_too_many_pixels(limits)) from None
    except Exception as error:  # Damaged bytes make the decoders raise any exception.
        text = re.sub(r" at 0x[0-9a-fA-F]+", "", str(error))
        raise UnreadablePicture(f"{type(error).__name__}: {text}") from None


def _count_pixels(picture: Image.Image) -> int:
    return picture.width * picture.height * _PIXELS_EACH.get(picture.format or "", 1)


def _too_many_pixels(limits: PictureLimits) -> str:
    return f"more pixels than data_preparation.limits.megapixels={limits.megapixels} allows"


def _full_extent(picture: Image.Image) -> tuple[float, float]:
    return float(picture.width), float(picture.height)


def _shrink(picture: Image.Image, min_size: tuple[int, int]) -> tuple[float, float] | None:
    height, width = min_size
    if max(picture.size) < 4 * min(min_size):
        return None  # So small that reading its EXIF orientation would cost most.
    if Decoded(picture, _full_extent(picture), _find_transpose(picture)).swaps_sides:
        height, width = width, height
    drafted = picture.draft(None, (2 * width, 2 * height))
    return (drafted[1][2], drafted[1][3]) if drafted else None


def _find_transpose(picture: Image.Image) -> Image.Transpose | None:
    if picture.format == "TIFF":
        return None  # Pillow applies the orientation itself while it loads a TIFF.
    try:
        # Not picture.getexif(): for a PNG that decodes all pixels first.
        return _TRANSPOSES.get(Image.Image.getexif(picture).get(_ORIENTATION, 1))
    except Exception:  # Damaged EXIF is ignored, as viewers do.
        return None


def _to_plain_mode(picture: Image.Image, white: White) -> Image.Image:
    if _has_16_bit_mode(picture):
        return Image.fromarray(scale(_to_16_bits(picture), white.word))
    mode = _plain_mode(picture)
    plain = picture if picture.mode == mode else picture.convert(mode)
    if white.byte == BYTE:
        return plain
    brighter = scale(np.arange(BYTE + 1), white.byte).tolist()
    colours = count_colours(len(mode))
    return plain.point(brighter * colours + [*range(BYTE + 1)] * (len(mode) - colours))


def _has_16_bit_mode(picture: Image.Image) -> bool:
    if picture.mode == "F":
        raise UnreadablePicture("floating-point pixels, whose range is not known")
    return picture.mode.startswith("I")


def _plain_mode(picture: Image.Image) -> str:
    if picture.mode in _DIRECT_MODES and "transparency" not in picture.info:
        return picture.mode
    if picture.has_transparency_data:
        return "LA" if picture.mode in ("1", "L", "La", "LA") else "RGBA"
    return "L" if picture.mode in ("1", "L") else "RGB"


def _to_16_bits(picture: Image.Image) -> np.ndarray:
    values = np.asarray(picture)
    if values.min() < 0 or values.max() > WORD:
        raise UnreadablePicture("integer pixels beyond 16 bits, whose range is not known")
    return values.astype(np.uint16)
