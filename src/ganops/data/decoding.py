"""The bytes of a picture file as pixels.

Formats: JPEG, PNG, GIF, BMP, WebP, TIFF, PPM and its kin, JPEG 2000 and AVIF (where Pillow was built with it). Pillow
knows many more, some of which start other programs or draw vectors; those are no pictures here.
"""

import io
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from ganops.config import DEFAULT_LIMITS, PictureLimits
from ganops.data.pixel_budget import PixelBudget
from ganops.data.sources.source import UnreadablePicture
from ganops.data.white import BYTE, FULL_RANGE, WORD, UnknownWhite, White, count_colours, scale

_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")
# JPEG 2000 is decoded with four bytes a value, before there is a picture.
_PIXELS_EACH = {"JPEG2000": 3}
_BUDGET = PixelBudget(50_000_000)
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


@dataclass(frozen=True)
class Peak:
    """The largest value of a picture's colours, and whether the picture has 16 bits."""

    value: int
    deep: bool


def decode(
    content: bytes, white: White = FULL_RANGE, limits: PictureLimits = DEFAULT_LIMITS
) -> UInt8[np.ndarray, "height width channels"]:
    """Decode the pixels as a viewer shows them, 1 to 4 channels: EXIF orientation applied, palettes and CMYK resolved.

    An animation gives its first frame, a document its first page. One channel of 16 bits is scaled to 8 by its white;
    colour in 16 bits keeps its upper 8, as Pillow reads it.

    Raises:
        UnreadablePicture: with a reason that is the same on every machine and in every run.
    """
    with read(content, white=white, limits=limits) as decoded:
        picture = decoded.picture if decoded.turn is None else decoded.picture.transpose(decoded.turn)
        pixels = np.array(picture, dtype=np.uint8)
        return pixels.reshape(*pixels.shape[:2], -1)


@contextmanager
def read(
    content: bytes,
    least: tuple[int, int] | None = None,
    white: White = FULL_RANGE,
    limits: PictureLimits = DEFAULT_LIMITS,
) -> Iterator[Decoded]:
    """Decode the picture without turning it, shrunk on the way where that is cheap; inside, its pixels are budgeted.

    A JPEG is rebuilt at 1/2, 1/4 or 1/8 of its size, straight from its cosine coefficients, as long as it stays twice
    as large as `least` both ways. Resized from there by Lanczos to 64 × 64 it differs little from the long way:
    55 dB PSNR for scenes of 24 megapixels, 43 dB at the least where the margin is just two (a test holds 40).

    Args:
        least: (height, width) that will be made of it, once turned.
        white: the values that become 255.

    Raises:
        UnreadablePicture: as `decode`.
    """
    with ExitStack() as memory:
        yield _read(content, least, white, limits, memory)


def _read(
    content: bytes, least: tuple[int, int] | None, white: White, limits: PictureLimits, memory: ExitStack
) -> Decoded:
    with _opened(content, limits) as picture:
        # A progressive JPEG keeps all its coefficients, however small it is rebuilt.
        whole = _weight(picture) if "progressive" in picture.info else 0
        extent = _shrink(picture, least) if least is not None and picture.format in ("JPEG", "MPO") else None
        memory.enter_context(_BUDGET.take(max(whole, _weight(picture))))
        picture.load()
        return Decoded(_plain(picture, white), extent or _whole(picture), _turn(picture))


def read_shape(content: bytes, limits: PictureLimits = DEFAULT_LIMITS) -> tuple[int, int, int]:
    """Height, width and channels that `decode` would give, from the header alone.

    EXIF that stands behind the pixels, as a PNG may have it, is not seen.

    Raises:
        UnreadablePicture: where the header is damaged; pixels may still be.
    """
    with _opened(content, limits) as picture:
        decoded = Decoded(picture, _whole(picture), _turn(picture))
        width, height = reversed(picture.size) if decoded.sideways else picture.size
        return height, width, 1 if _is_16_bit(picture) else len(_plain_mode(picture))


def is_deep(content: bytes, limits: PictureLimits = DEFAULT_LIMITS) -> bool:
    """Return whether the picture has one channel of 16 bits; UnreadablePicture as `read_shape`."""
    with _opened(content, limits) as picture:
        return _is_16_bit(picture)


def find_peak(content: bytes, limits: PictureLimits = DEFAULT_LIMITS) -> Peak:
    """Find the largest value, before any scaling; UnreadablePicture as `decode`."""
    with _opened(content, limits) as picture, _BUDGET.take(_weight(picture)):
        picture.load()
        if _is_16_bit(picture):
            return Peak(int(_words(picture).max()), deep=True)
        plain = _plain(picture, FULL_RANGE)
        bands = plain.split()[: count_colours(len(plain.getbands()))]
        return Peak(max(int(np.asarray(band).max()) for band in bands), deep=False)


@contextmanager
def _opened(content: bytes, limits: PictureLimits) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if _weight(picture) > limits.megapixels * 1_000_000:
                raise UnreadablePicture(_too_many_pixels(limits))
            yield picture
    except (UnreadablePicture, UnknownWhite, MemoryError):  # Short of memory is the machine, not the picture.
        raise
    except UnidentifiedImageError:
        raise UnreadablePicture(
            "not a picture in a known format" if content else "not a picture: an empty file"
        ) from None
    except Image.DecompressionBombError:
        raise UnreadablePicture(_too_many_pixels(limits)) from None
    except Exception as error:  # Damaged bytes make the many decoders raise anything at all.
        text = re.sub(r" at 0x[0-9a-fA-F]+", "", str(error))
        raise UnreadablePicture(f"{type(error).__name__}: {text}") from None


def _weight(picture: Image.Image) -> int:
    return picture.width * picture.height * _PIXELS_EACH.get(picture.format or "", 1)


def _too_many_pixels(limits: PictureLimits) -> str:
    return f"more pixels than data_preparation.limits.megapixels={limits.megapixels} allows"


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


def _plain(picture: Image.Image, white: White) -> Image.Image:
    if _is_16_bit(picture):
        return Image.fromarray(scale(_words(picture), white.word))
    mode = _plain_mode(picture)
    plain = picture if picture.mode == mode else picture.convert(mode)
    if white.byte == BYTE:
        return plain
    brighter = scale(np.arange(BYTE + 1), white.byte).tolist()
    colours = count_colours(len(mode))
    return plain.point(brighter * colours + [*range(BYTE + 1)] * (len(mode) - colours))


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


def _words(picture: Image.Image) -> np.ndarray:
    values = np.asarray(picture)
    if values.min() < 0 or values.max() > WORD:
        raise UnreadablePicture("integer pixels beyond 16 bits, whose range is not known")
    return values.astype(np.uint16)
