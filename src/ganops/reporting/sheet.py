"""Blocks of pictures side by side on white, with names at the left and words above and below: for people to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw
from torch import Tensor

from ganops.data.crop_and_resize import to_image
from ganops.reporting.grid import readable_scale
from ganops.reporting.text import font

_INK, _PALE_INK, _TRANSPARENT = "#333333", "#777777", "#e8e8e8"
_SMALLEST_LETTERS = 13


@dataclass(frozen=True)
class Block:
    """Rows of pictures under one heading.

    Attributes:
        rows: (n, C, H, W) each; they may differ in n, by which the right end of a short one stays empty.
        heading: above the block.
        captions: below each picture, of the rows' lengths; empty: none.
    """

    rows: Sequence[UInt8[Tensor, "_ channels height width"]]
    heading: str = ""
    captions: Sequence[Sequence[str]] = ()

    @property
    def columns(self) -> int:
        return max(len(row) for row in self.rows)


@dataclass(frozen=True)
class Measures:
    """In pixels: a picture on the sheet (`scale` times its own size), letters, the gaps between pictures and blocks."""

    scale: int
    width: int
    height: int
    letters: int

    @property
    def gap(self) -> int:
        return max(2, self.width // 32)

    @property
    def margin(self) -> int:
        return 4 * self.gap

    @property
    def between_blocks(self) -> int:
        return 2 * self.margin

    @property
    def line(self) -> int:
        return self.letters * 3 // 2

    @property
    def name_width(self) -> int:
        """The widest that a row's name may be."""
        return 9 * self.letters


def measures(pictures: UInt8[Tensor, "n channels height width"]) -> Measures:
    """Those of a sheet with such pictures."""
    scale = readable_scale(pictures)
    height, width = (scale * side for side in pictures.shape[2:])
    return Measures(scale, width, height, max(_SMALLEST_LETTERS, min(height, width) // 8))


def draw_sheet(blocks: Sequence[Block], names: Sequence[str] = (), note: str = "") -> Image.Image:
    """Grey (L) or RGB. Every pixel becomes a square: nothing is interpolated. What is transparent is pale.

    Args:
        blocks: from left to right, with as many rows each.
        names: of the rows, at the left; empty: none.
        note: one line at the foot.
    """
    sheet = _Sheet(blocks, names, note)
    canvas = Image.new("L" if blocks[0].rows[0].shape[1] <= 2 else "RGB", sheet.size, "white")
    draw = ImageDraw.Draw(canvas)
    for row, name in enumerate(names):
        sheet.write_name(draw, row, name)
    left = sheet.left
    for block in blocks:
        sheet.place_block(canvas, draw, block, left)
        left += sheet.width_of(block) + sheet.m.between_blocks
    draw.text((sheet.m.margin, sheet.size[1] - sheet.m.margin), note, _PALE_INK, font(sheet.m.letters), anchor="ls")
    return canvas


def beside(pictures: Mapping[str, Image.Image]) -> Image.Image:
    """Whole pictures from left to right, RGB on white, the name of each above it."""
    letters, gap = _SMALLEST_LETTERS, 2 * _SMALLEST_LETTERS
    widths = {name: max(picture.width, int(font(letters).getlength(name))) for name, picture in pictures.items()}
    height = gap + max(picture.height for picture in pictures.values())
    canvas = Image.new("RGB", (sum(widths.values()) + gap * (len(pictures) - 1), height), "white")
    draw, left = ImageDraw.Draw(canvas), 0
    for name, picture in pictures.items():
        draw.text((left, letters), name, _INK, font(letters), anchor="ls")
        canvas.paste(picture.convert("RGB"), (left, gap))
        left += widths[name] + gap
    return canvas


class _Sheet:
    """Where everything stands."""

    def __init__(self, blocks: Sequence[Block], names: Sequence[str], note: str) -> None:
        self.m = m = measures(blocks[0].rows[0])
        letters = font(m.letters)
        widest = max((letters.getlength(name) for name in names), default=0.0)
        self.left = m.margin + (int(widest) + m.margin if names else 0)
        self.top = m.margin + (m.line if any(block.heading for block in blocks) else 0)
        self.row_height = m.height + m.gap + (m.line if any(block.captions for block in blocks) else 0)
        body = sum(self.width_of(block) + m.between_blocks for block in blocks) - m.between_blocks
        width = max(self.left + body + m.margin, m.margin * 2 + int(letters.getlength(note)))
        height = self.top + len(blocks[0].rows) * self.row_height - m.gap + m.margin + (m.line if note else 0)
        self.size = (width, height)

    def width_of(self, block: Block) -> int:
        heading = int(font(self.m.letters).getlength(block.heading))
        return max(block.columns * (self.m.width + self.m.gap) - self.m.gap, heading)

    def write_name(self, draw: ImageDraw.ImageDraw, row: int, name: str) -> None:
        place = (self.left - self.m.margin, self.top + row * self.row_height + self.m.height // 2)
        draw.text(place, name, _INK, font(self.m.letters), anchor="rm")

    def place_block(self, canvas: Image.Image, draw: ImageDraw.ImageDraw, block: Block, left: int) -> None:
        m = self.m
        draw.text((left, m.margin + m.letters), block.heading, _INK, font(m.letters), anchor="ls")
        for row, pictures in enumerate(block.rows):
            top = self.top + row * self.row_height
            for column, picture in enumerate(pictures):
                canvas.paste(_opaque(picture, m.scale), (left + column * (m.width + m.gap), top))
            for column, caption in enumerate(block.captions[row] if block.captions else ()):
                middle = left + column * (m.width + m.gap) + m.width // 2
                draw.text((middle, top + m.height + m.letters), caption, _PALE_INK, font(m.letters), anchor="ms")


def _opaque(picture: UInt8[Tensor, "channels height width"], scale: int) -> Image.Image:
    pixels = np.ascontiguousarray(picture.cpu().permute(1, 2, 0).numpy())
    drawn = to_image(pixels.repeat(scale, axis=0).repeat(scale, axis=1))
    if drawn.mode in ("L", "RGB"):
        return drawn
    # Not white: the edge of the picture would be lost on the sheet.
    ground = Image.new("RGBA", drawn.size, _TRANSPARENT)
    return Image.alpha_composite(ground, drawn.convert("RGBA")).convert("L" if drawn.mode == "LA" else "RGB")
