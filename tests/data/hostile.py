"""A messy folder: 200 files in two classes, 160 pictures of all formats and names, and 40 other files.

`cd tests && python -m data.hostile FOLDER` writes it, to be tried from the command line.
"""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from .encoded import (
    animated,
    broken_checksum,
    encoded,
    late_exif,
    oriented,
    picture,
    png,
    resized_header,
    rgb_16_bits,
    text_bomb,
    ycck,
)

GOOD, BAD = 160, 40
UNKNOWN = "not a picture in a known format"
TOO_LARGE = "more pixels than data_preparation.limits.megapixels=52 allows"
NARROW = "so narrow that the crop would keep less than a hundredth of it"
NAMES = (
    "قطة/صورة.png",
    "قطة/图片 一.png",
    "قطة/🐈‍⬛.png",
    "قطة/e\u0301te\u0301.png",  # accents that combine
    "قطة/two\nlines.png",
    "قطة/-rf *.png",
    "قطة/" + "long" * 60 + ".png",
    "قطة/no extension",
    "قطة/wrong extension.jpg",
    "قطة/caf\udce9.png",  # a byte that is no UTF-8
    "قطة/deep/er/still/quote'\".png",
    "dog/a%20b&c=d.png",
)

_CUT = "OSError: image file is truncated"
_HALVED = {
    "jpeg": f"{_CUT} (8 bytes not processed)",
    "png": _CUT,
    "gif": f"{_CUT} (59 bytes not processed)",
    "webp": "OSError: could not create decoder object",
    "tiff": f"{_CUT} (830 bytes not processed)",
    "bmp": f"{_CUT} (873 bytes not processed)",
    "ppm": f"{_CUT} (892 bytes not processed)",
    "jpeg2000": "OSError: broken data stream when reading image file",
}

Write = Callable[[Path], object]


def good() -> dict[str, Write]:
    """Return name → function that writes the picture."""
    grey_16 = Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 100)
    kinds = {
        **{f"{mode}.png": encoded(picture(1, mode)) for mode in ("L", "LA", "RGB", "RGBA", "P", "1")},
        "transparent palette.png": encoded(picture(2, "P"), transparency=0),
        "grey 16.png": encoded(grey_16),
        "colour 16.png": rgb_16_bits(np.arange(1800, dtype=np.uint16).reshape(20, 30, 3) * 36),
        "late exif.png": late_exif(picture(3), 6),
        "cmyk.jpg": encoded(picture(4, "CMYK"), "jpeg"),
        "ycck.jpg": ycck(120, 90, 160, 200),
        "progressive.jpg": encoded(picture(5), "jpeg", progressive=True),
        **{f"turned {k}.jpg": oriented(picture(6 + k), k) for k in range(1, 9)},
        "damaged exif.jpg": encoded(picture(15), "jpeg", exif=b"Exif\0\0MM nonsense"),
        "several.mpo": animated(16, "mpo"),
        **{f"animated.{form}": animated(17 + k, form) for k, form in enumerate(("gif", "webp", "png"))},
        "pages.tif": animated(20, "tiff"),
        "cmyk.tif": encoded(picture(21, "CMYK"), "tiff"),
        "turned.tif": encoded(picture(22), "tiff", tiffinfo={0x0112: 6}),
        "plain.bmp": encoded(picture(23), "bmp"),
        "plain.ppm": encoded(picture(24), "ppm"),
        "plain.jp2": encoded(picture(25), "jpeg2000"),
        "lossless.webp": encoded(picture(26), "webp", lossless=True),
    }
    named = {name: encoded(picture(30 + k)) for k, name in enumerate(NAMES)}
    odd = {f"dog/{name}": content for name, content in kinds.items()} | named
    plain = {f"{('dog', 'قطة')[k % 2]}/{k:03}.png": encoded(picture(100 + k)) for k in range(GOOD - len(odd))}
    return {name: partial(_write, content) for name, content in (odd | plain).items()}


def bad() -> dict[str, tuple[Write, str]]:
    """Return name → function that writes the file, and the reason why it cannot be read."""
    return {f"dog/bad {name}": entry for name, entry in (_damaged() | _bombs() | _others() | _no_files()).items()}


def _damaged() -> dict[str, tuple[Write, str]]:
    drawn = picture(50, height=200, width=300)
    whole = {form: encoded(drawn, form) for form in _HALVED}
    cut = {f"half.{form}": (content[: len(content) // 2], _HALVED[form]) for form, content in whole.items()}
    contents = cut | {
        "empty.jpg": (b"", "not a picture: an empty file"),
        "zeros.jpg": (bytes(1000), UNKNOWN),
        "noise.png": (np.random.default_rng(0).bytes(1000), UNKNOWN),
        "header.jpg": (whole["jpeg"][:200], "OSError: Truncated File Read"),
        "header.png": (whole["png"][:33], UNKNOWN),
        "header.tif": (whole["tiff"][:8], UNKNOWN),
        "signature.png": (whole["png"][:8], UNKNOWN),
        "checksum.png": (broken_checksum(whole["png"]), "OSError: broken data stream when reading image file"),
        "no width.png": (png(0, 10, rows=b"\0"), UNKNOWN),
        "no size.bmp": (whole["bmp"][:18] + bytes(8) + whole["bmp"][26:], UNKNOWN),
    }
    return _contents(contents)


def _bombs() -> dict[str, tuple[Write, str]]:
    small, gif = encoded(picture(51), "jpeg"), encoded(picture(52), "gif")
    too_much_text = "ValueError: Decompressed data too large for PngImagePlugin.MAX_TEXT_CHUNK"
    contents = {
        "400 megapixels.png": (png(20000, 20000, rows=b"\0"), TOO_LARGE),
        "169 megapixels.png": (png(13000, 13000, rows=b"\0"), TOO_LARGE),
        "4 gigapixels.jpg": (resized_header(small, 65500, 65500), TOO_LARGE),
        "4 gigapixels.gif": (gif[:6] + b"\xff\xff\xff\xff" + gif[10:], TOO_LARGE),
        "text.png": (text_bomb(b"zTXt"), too_much_text),
        "profile.png": (text_bomb(b"iCCP"), too_much_text),
        "1 by 60000.png": (encoded(Image.new("L", (1, 60000))), NARROW),
        "60000 by 1.png": (encoded(Image.new("L", (60000, 1))), NARROW),
    }
    return _contents(contents)


def _others() -> dict[str, tuple[Write, str]]:
    values = Image.fromarray(np.full((9, 9), 70000, dtype=np.int32))
    contents = {
        "float.tif": (
            encoded(Image.new("F", (9, 9)), "tiff"),
            "floating-point pixels, whose range is not known",
        ),
        "float.pfm": (b"Pf\n2 2\n-1.0\n" + bytes(16), "floating-point pixels, whose range is not known"),
        "32 bits.tif": (encoded(values, "tiff"), "integer pixels beyond 16 bits, whose range is not known"),
        "vector.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", UNKNOWN),
        "vector.svg": (b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', UNKNOWN),
        "icon.ico": (encoded(picture(53), "ico"), UNKNOWN),
        "page.jpg": (b"<!DOCTYPE html><title>404 Not Found</title>", UNKNOWN),
        "clip.mp4": (b"\0\0\0\x20ftypisom" + bytes(100), UNKNOWN),
        "phone.heic": (b"\0\0\0\x18ftypheic" + bytes(100), UNKNOWN),
        "notes.txt": (b"Remember the milk", "not a picture"),
    }
    return _contents(contents)


def _no_files() -> dict[str, tuple[Write, str]]:
    return {
        "link out.png": (lambda path: path.symlink_to("/etc/hostname"), UNKNOWN),
        "link to nothing.png": (lambda path: path.symlink_to("nowhere.png"), "a broken link"),
        "link to itself.png": (lambda path: path.symlink_to(path.name), "a broken link"),
        "pipe.png": (os.mkfifo, "neither a file nor a folder"),
    }


def _contents(entries: dict[str, tuple[bytes, str]]) -> dict[str, tuple[Write, str]]:
    return {name: (partial(_write, content), reason) for name, (content, reason) in entries.items()}


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def write(folder: Path) -> None:
    """Write all files below `folder`."""
    for name, effect in (good() | {name: effect for name, (effect, _) in bad().items()}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        effect(path)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
