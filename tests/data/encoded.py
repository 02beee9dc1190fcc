"""Bytes of picture files, good and bad, for the tests of the data."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, PngImagePlugin


def noise(seed: int, height: int = 20, width: int = 30, channels: int = 3) -> np.ndarray:
    """Smooth enough that lossy formats keep it, different for every seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, channels), dtype=np.uint8)
    picture = Image.fromarray(coarse[:, :, 0] if channels == 1 else coarse)
    pixels = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))
    return pixels.reshape(height, width, channels)


def picture(seed: int, mode: str = "RGB", **size: int) -> Image.Image:
    channels = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}.get(mode)
    if channels is None:
        return picture(seed, "RGB", **size).convert(mode)
    pixels = noise(seed, channels=channels, **size)
    return Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels, mode="CMYK" if mode == "CMYK" else None)


def encoded(drawn: Image.Image, form: str = "png", **options: object) -> bytes:
    buffer = io.BytesIO()
    drawn.save(buffer, form, **options)
    return buffer.getvalue()


def animated(seed: int, form: str, frames: int = 3, **options: object) -> bytes:
    first, *others = (picture(seed + 1000 * k) for k in range(frames))
    return encoded(first, form, save_all=True, append_images=others, **options)


def oriented(drawn: Image.Image, orientation: int, form: str = "jpeg", **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(drawn, form, exif=exif, **options)


def ycck(y: int, cb: int, cr: int, k: int) -> bytes:
    """Return a JPEG of one colour whose four components are marked as YCCK, as Adobe's programs write them."""
    # Pillow stores the complement of CMYK and marks it as plain; the last byte of the Adobe segment says what it is.
    plain = encoded(Image.new("CMYK", (16, 16), (255 - y, 255 - cb, 255 - cr, 255 - k)), "jpeg", quality=100)
    at = plain.index(b"Adobe") + 11
    return plain[:at] + b"\x02" + plain[at + 1 :]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *, depth: int = 8, colour: int = 0, extra: bytes = b"", rows: bytes = b"") -> bytes:
    """Make a PNG whose header may not match its rows."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows)) if rows else b""
    return b"\x89PNG\r\n\x1a\n" + header + extra + body + chunk(b"IEND", b"")


def rgb_16_bits(values: np.ndarray) -> bytes:
    """Return a PNG of shape (height, width, 3), uint16."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return png(values.shape[1], values.shape[0], depth=16, colour=2, rows=rows)


def text_bomb(kind: bytes) -> bytes:
    """Return a PNG of one pixel with a compressed text, or colour profile, of 100 megabytes."""
    compressor = zlib.compressobj(9)
    packed = b"".join(compressor.compress(bytes(10**6)) for _ in range(100)) + compressor.flush()
    return png(1, 1, extra=chunk(kind, b"key\0\0" + packed), rows=b"\0\0")


def resized_header(jpeg: bytes, width: int, height: int) -> bytes:
    """Change the size in a JPEG's frame header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def broken_checksum(content: bytes) -> bytes:
    at = content.index(b"IDAT") + 6
    return content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :]


def late_exif(drawn: Image.Image, orientation: int) -> bytes:
    """Make a PNG whose EXIF follows its pixels."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(drawn)
    end = content.index(b"IEND") - 4
    return content[:end] + chunk(b"eXIf", exif.tobytes()[6:]) + content[end:]


def described(drawn: Image.Image, text: str) -> bytes:
    """Make a PNG with a text chunk."""
    about = PngImagePlugin.PngInfo()
    about.add_text("about", text)
    return encoded(drawn, pnginfo=about)
