"""Pictures side by side, for people to look at."""

import math

import numpy as np
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from ganops.data.crop_and_resize import to_image

_GAP = 1
_GAP_VALUE = 128
_LEAST_SIDE = 56


def image_grid(images: UInt8[Tensor, "batch channels height width"], columns: int, scale: int = 1) -> Image.Image:
    """Pictures of 1 to 4 channels (grey, grey and alpha, RGB, RGBA) in rows of `columns`, a thin gap around each.

    Every pixel, those of the gaps too, becomes a square of `scale` pixels: nothing is interpolated.
    """
    count, channels, height, width = images.shape
    rows = math.ceil(count / columns)
    size = (rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, channels)
    canvas = np.full(size, _GAP_VALUE, dtype=np.uint8)
    for index, picture in enumerate(images.cpu().permute(0, 2, 3, 1).numpy()):
        top, left = (
            _GAP + place * (side + _GAP) for place, side in zip(divmod(index, columns), (height, width), strict=True)
        )
        canvas[top : top + height, left : left + width] = picture
    return to_image(canvas.repeat(scale, axis=0).repeat(scale, axis=1))


def readable_grid(images: UInt8[Tensor, "batch channels height width"], columns: int) -> Image.Image:
    """The pictures in a grid, each large enough to be seen."""
    return image_grid(images, columns, readable_scale(images))


def readable_scale(images: UInt8[Tensor, "batch channels height width"]) -> int:
    """The smallest whole factor that makes the shorter side at least 56 pixels."""
    return max(1, math.ceil(_LEAST_SIDE / min(images.shape[2:])))
