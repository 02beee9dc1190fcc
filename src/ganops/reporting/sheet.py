"""Arrange pictures: a plain grid, labelled sheets on white, and whole pictures side by side."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw
from torch import Tensor

from ganops.data.crop_and_resize import to_image
from ganops.reporting.text import ellipsize, load_font

_INK, _PALE_INK, _TRANSPARENT = "#333333", "#777777", "#e8e8e8"
_MIN_FONT_SIZE = 13
_MIN_SIDE = 56
_GRID_GAP, _GRID_GAP_VALUE = 1, 128


def image_grid(images: UInt8[Tensor, "batch channels height width"], columns: int, scale: int = 1) -> Image.Image:
    """Draw pictures of 1 to 4 channels (grey, grey and alpha, RGB, RGBA) in rows of `columns`, with gaps of one pixel.

    Every pixel, also of the gaps, becomes a square of `scale` pixels, without interpolation.
    """
    count, channels, height, width = images.shape
    rows = math.ceil(count / columns)
    size = (rows * (height + _GRID_GAP) + _GRID_GAP, columns * (width + _GRID_GAP) + _GRID_GAP, channels)
    canvas = np.full(size, _GRID_GAP_VALUE, dtype=np.uint8)
    for index, picture in enumerate(images.cpu().permute(0, 2, 3, 1).numpy()):
        row, column = divmod(index, columns)
        top, left = _GRID_GAP + row * (height + _GRID_GAP), _GRID_GAP + column * (width + _GRID_GAP)
        canvas[top : top + height, left : left + width] = picture
    return to_image(canvas.repeat(scale, axis=0).repeat(scale, axis=1))


def readable_grid(images: UInt8[Tensor, "batch channels height width"], columns: int) -> Image.Image:
    """Draw a grid of pictures, each enlarged by `readable_scale`."""
    return image_grid(images, columns, readable_scale(images))


def readable_scale(images: UInt8[Tensor, "batch channels height width"]) -> int:
    """Return the smallest whole factor that makes the shorter side at least 56 pixels."""
    return max(1, math.ceil(_MIN_SIDE / min(images.shape[2:])))


@dataclass(frozen=True)
class Block:
    """Rows of pictures under one heading.

    Attributes:
        rows: (n, C, H, W) each; n may differ: a shorter row ends with white.
        heading: above the block.
        captions: below the pictures, one per picture of each row; empty: none.
    """

    rows: Sequence[UInt8[Tensor, "_ channels height width"]]
    heading: str = ""
    captions: Sequence[Sequence[str]] = ()

    @property
    def columns(self) -> int:
        """Return the number of pictures in the longest row."""
        return max(len(row) for row in self.rows)


@dataclass(frozen=True)
class SheetSizes:
    """Sizes on a sheet, in pixels.

    Attributes:
        scale: enlargement of a picture.
        width, height: of an enlarged picture.
        font_size: of all text.
    """

    scale: int
    width: int
    height: int
    font_size: int

    @property
    def gap(self) -> int:
        """Return the gap between two pictures."""
        return max(2, self.width // 32)

    @property
    def margin(self) -> int:
        """Return the margin at the edges of the sheet."""
        return 4 * self.gap

    @property
    def block_gap(self) -> int:
        """Return the gap between two blocks."""
        return 2 * self.margin

    @property
    def line(self) -> int:
        """Return the height of a line of text."""
        return self.font_size * 3 // 2

    @property
    def max_name_width(self) -> int:
        """Return the maximal width of a row's name."""
        return 9 * self.font_size


def measure_sheet(pictures: UInt8[Tensor, "n channels height width"]) -> SheetSizes:
    """Compute the sizes on a sheet of such pictures."""
    scale = readable_scale(pictures)
    height, width = (scale * side for side in pictures.shape[2:])
    return SheetSizes(scale, width, height, max(_MIN_FONT_SIZE, min(height, width) // 8))


def draw_sheet(blocks: Sequence[Block], names: Sequence[str] = (), note: str = "") -> Image.Image:
    """Draw blocks of pictures on white, in grey (L) or RGB.

    Every pixel becomes a square, without interpolation. Transparent pixels are pale grey.

    Args:
        blocks: from left to right, with equal numbers of rows.
        names: of the rows, at the left; empty: none.
        note: one line at the foot.
    """
    sheet = _Sheet(blocks, names, note)
    canvas = Image.new("L" if blocks[0].rows[0].shape[1] <= 2 else "RGB", sheet.size, "white")
    draw = ImageDraw.Draw(canvas)
    for row, name in enumerate(names):
        sheet.draw_name(draw, row, name)
    left = sheet.left
    for block in blocks:
        sheet.draw_block(canvas, draw, block, left)
        left += sheet.block_width(block) + sheet.sizes.block_gap
    foot = (sheet.sizes.margin, sheet.size[1] - sheet.sizes.margin)
    draw.text(foot, note, _PALE_INK, load_font(sheet.sizes.font_size), anchor="ls")
    return canvas


def draw_named_rows(rows: Mapping[str, UInt8[Tensor, "_ channels height width"]], note: str = "") -> Image.Image:
    """Draw one row of pictures per name, each name at the left; `note` is a line at the foot."""
    sizes = measure_sheet(next(iter(rows.values())))
    names = [ellipsize(name, sizes.font_size, 2 * sizes.max_name_width) for name in rows]
    return draw_sheet([Block(list(rows.values()))], names, note)


def join_side_by_side(pictures: Mapping[str, Image.Image]) -> Image.Image:
    """Paste whole pictures from left to right, RGB on white, each with its name above."""
    font, gap = load_font(_MIN_FONT_SIZE), 2 * _MIN_FONT_SIZE
    widths = {name: max(picture.width, int(font.getlength(name))) for name, picture in pictures.items()}
    height = gap + max(picture.height for picture in pictures.values())
    canvas = Image.new("RGB", (sum(widths.values()) + gap * (len(pictures) - 1), height), "white")
    draw, left = ImageDraw.Draw(canvas), 0
    for name, picture in pictures.items():
        draw.text((left, _MIN_FONT_SIZE), name, _INK, font, anchor="ls")
        canvas.paste(picture.convert("RGB"), (left, gap))
        left += widths[name] + gap
    return canvas


class _Sheet:
    """Positions of everything on a sheet."""

    def __init__(self, blocks: Sequence[Block], names: Sequence[str], note: str) -> None:
        self.sizes = sizes = measure_sheet(blocks[0].rows[0])
        font = load_font(sizes.font_size)
        widest = max((font.getlength(name) for name in names), default=0.0)
        self.left = sizes.margin + (int(widest) + sizes.margin if names else 0)
        self.top = sizes.margin + (sizes.line if any(block.heading for block in blocks) else 0)
        self.row_height = sizes.height + sizes.gap + (sizes.line if any(block.captions for block in blocks) else 0)
        body = sum(self.block_width(block) + sizes.block_gap for block in blocks) - sizes.block_gap
        width = max(self.left + body + sizes.margin, sizes.margin * 2 + int(font.getlength(note)))
        note_line = sizes.line if note else 0
        height = self.top + len(blocks[0].rows) * self.row_height - sizes.gap + sizes.margin + note_line
        self.size = (width, height)

    def block_width(self, block: Block) -> int:
        heading = int(load_font(self.sizes.font_size).getlength(block.heading))
        return max(block.columns * (self.sizes.width + self.sizes.gap) - self.sizes.gap, heading)

    def draw_name(self, draw: ImageDraw.ImageDraw, row: int, name: str) -> None:
        at = (self.left - self.sizes.margin, self.top + row * self.row_height + self.sizes.height // 2)
        draw.text(at, name, _INK, load_font(self.sizes.font_size), anchor="rm")

    def draw_block(self, canvas: Image.Image, draw: ImageDraw.ImageDraw, block: Block, left: int) -> None:
        sizes = self.sizes
        font = load_font(sizes.font_size)
        draw.text((left, sizes.margin + sizes.font_size), block.heading, _INK, font, anchor="ls")
        for row, pictures in enumerate(block.rows):
            top = self.top + row * self.row_height
            for column, picture in enumerate(pictures):
                canvas.paste(_flatten(picture, sizes.scale), (left + column * (sizes.width + sizes.gap), top))
            for column, caption in enumerate(block.captions[row] if block.captions else ()):
                middle = left + column * (sizes.width + sizes.gap) + sizes.width // 2
                draw.text((middle, top + sizes.height + sizes.font_size), caption, _PALE_INK, font, anchor="ms")


def _flatten(picture: UInt8[Tensor, "channels height width"], scale: int) -> Image.Image:
    """Enlarge the picture and composite it on pale grey; on white its edge would vanish into the sheet."""
    pixels = np.ascontiguousarray(picture.cpu().permute(1, 2, 0).numpy())
    enlarged = to_image(pixels.repeat(scale, axis=0).repeat(scale, axis=1))
    if enlarged.mode in ("L", "RGB"):
        return enlarged
    ground = Image.new("RGBA", enlarged.size, _TRANSPARENT)
    return Image.alpha_composite(ground, enlarged.convert("RGBA")).convert("L" if enlarged.mode == "LA" else "RGB")
