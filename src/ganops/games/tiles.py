"""Tiles of a picture that is larger than those of the training: they overlap, and are blended without seams.

Neighbours overlap by at least half a tile. The weight of a pixel falls linearly from the middle of its tile to the
edge, so that a tile's edge has almost no part in the result. All weights of a pixel sum to 1 after the division.
"""

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float, Shaped
from torch import Tensor


def blend_tiles(
    translate: Callable[[Float[Tensor, "tiles channels height width"]], Shaped[Tensor, "tiles made height width"]],
    picture: Float[Tensor, "channels tall broad"],
    size: tuple[int, int],
    at_once: int,
) -> Float[Tensor, "made tall broad"]:
    """Return the translation of a picture, by its tiles.

    Args:
        translate: of pictures of the tiles' size.
        picture: at least as high and as wide as a tile.
        size: height and width of a tile.
        at_once: tiles that are translated together.
    """
    corners = list(_find_corners((picture.shape[1], picture.shape[2]), size))
    weights = _ramp(size[0])[:, None] * _ramp(size[1])
    total = torch.zeros(picture.shape[1:])
    blended: Tensor | None = None
    for start in range(0, len(corners), at_once):
        places = [(slice(y, y + size[0]), slice(x, x + size[1])) for y, x in corners[start : start + at_once]]
        made = translate(torch.stack([picture[:, rows, columns] for rows, columns in places])).float()
        if blended is None:
            blended = torch.zeros(made.shape[1], *picture.shape[1:])
        for one, (rows, columns) in zip(made, places, strict=True):
            blended[:, rows, columns] += weights * one
            total[rows, columns] += weights
    assert blended is not None, corners
    return blended / total


def _find_corners(picture: tuple[int, int], tile: tuple[int, int]) -> Iterator[tuple[int, int]]:
    for y in _find_starts(picture[0], tile[0]):
        for x in _find_starts(picture[1], tile[1]):
            yield y, x


def _find_starts(length: int, tile: int) -> list[int]:
    """Return as few starts, at even distances, as overlap by half a tile and end with the picture."""
    steps = -(-(length - tile) // max(1, tile // 2))
    return [round(step * (length - tile) / steps) for step in range(steps + 1)] if steps else [0]


def _ramp(length: int) -> Float[Tensor, " length"]:
    positions = torch.arange(length) + 0.5
    return torch.minimum(positions, length - positions)
