"""Letters on pictures, in DejaVu Sans, which matplotlib brings along: the same pixels on every machine."""

import unicodedata
from functools import cache
from pathlib import Path

from PIL import ImageFont

_FONT = "fonts/ttf/DejaVuSans.ttf"
_RIGHT_TO_LEFT = ("R", "AL")
_CUT = "…"


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, `size` pixels high."""
    # The simple layout: the other one is a library that not every machine has.
    return ImageFont.truetype(str(_font_file()), size, layout_engine=ImageFont.Layout.BASIC)


def class_name(classes: tuple[str, ...], label: int, size: int, width: int) -> str:
    """The name of a class as it can be drawn `width` pixels wide: a long one is cut.

    A name with letters that the font lacks (as those of Chinese), or that it would draw in the wrong order (as those of
    Arabic), is replaced by the label's number.
    """
    name = " ".join(unicodedata.normalize("NFC", classes[label]).split())
    return ellipsize(name if _can_be_drawn(name) else str(label), size, width)


def ellipsize(text: str, size: int, width: int) -> str:
    """The text, cut with … where it would be wider than `width` pixels."""
    kept = len(text)
    while kept and font(size).getlength(text[:kept] + _CUT * (kept < len(text))) > width:
        kept -= 1
    return text if kept == len(text) else text[:kept].rstrip() + _CUT


def _can_be_drawn(name: str) -> bool:
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
