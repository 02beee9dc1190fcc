"""The ways between samples as a film that begins again where it ends."""

import math

import torch
from PIL import Image

from ganops.reporting.samples import SEED, SamplerLike, shown_rows
from ganops.reporting.sheet import Block, draw_sheet

FRAMES = 48
_COLUMNS = 5
_LARGEST_SIDE = 128


def interpolation_frames(generator: SamplerLike) -> list[Image.Image]:
    """There and back along the rows of `samples.interpolation`, slower at the ends: 48 frames, five classes a line.

    Pictures larger than 128 pixels are shrunk by a whole factor, each pixel the mean of those it stands for.
    """
    ways = [
        generator.interpolate(SEED + 2 * row, SEED + 2 * row + 1, FRAMES // 2 + 1, label, eased=True)
        for row, label in enumerate(shown_rows(generator).labels)
    ]
    moments = [torch.stack(pictures) for pictures in zip(*ways, strict=True)]
    shrunk_by = math.ceil(max(moments[0].shape[2:]) / _LARGEST_SIDE)
    there = [draw_sheet([Block(pictures.split(_COLUMNS))]).reduce(shrunk_by) for pictures in moments]
    return [*there, *there[-2:0:-1]]
