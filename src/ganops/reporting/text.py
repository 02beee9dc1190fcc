"""Text on pictures in DejaVu Sans, which matplotlib ships: the same pixels on every machine."""

import unicodedata
from functools import cache
from pathlib import Path

from PIL import ImageFont

_FONT = "fonts/ttf/DejaVuSans.ttf"
_RIGHT_TO_LEFT = ("R", "AL")
_ELLIPSIS = "…"


@cache
def load_font(size: int) -> ImageFont.FreeTypeFont:
    """Load DejaVu Sans, `size` pixels high."""
    # Pillow's other layout engine needs a library that not every machine has.
    return ImageFont.truetype(str(_font_file()), size, layout_engine=ImageFont.Layout.BASIC)


def format_class_name(classes: tuple[str, ...], label: int, size: int, width: int) -> str:
    """Return the name of a class as it can be drawn within `width` pixels; a long name ends with an ellipsis.

    The label's number replaces a name with letters that the font lacks (Chinese) or that it would draw in the wrong
    order (Arabic).
    """
    name = " ".join(unicodedata.normalize("NFC", classes[label]).split())
    return ellipsize(name if _is_drawable(name) else str(label), size, width)


def ellipsize(text: str, size: int, width: int) -> str:
    """Return the text, cut and ended with … if it is wider than `width` pixels."""
    kept = len(text)
    while kept and load_font(size).getlength(text[:kept] + _ELLIPSIS * (kept < len(text))) > width:
        kept -= 1
    return text if kept == len(text) else text[:kept].rstrip() + _ELLIPSIS


def _is_drawable(name: str) -> bool:
    return bool(name) and all(
        ord(letter) in _letters()
        and not unicodedata.combining(letter)
        and unicodedata.bidirectional(letter) not in _RIGHT_TO_LEFT
        for letter in name
    )


@cache
def _letters() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(_font_file())).get_charmap())


def _font_file() -> Path:
    from matplotlib import get_data_path

    return Path(get_data_path(), _FONT)
