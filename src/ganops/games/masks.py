"""Masks of picture completion: 1 in the hole, 0 elsewhere. All kinds cover the stated share of the pixels, rounded.

- `centre`: a rectangle in the middle, its sides in the ratio of the picture's (Pathak et al. 2016, "Context Encoders").
- `box`: a rectangle at a random place, up to twice as high or as wide.
- `irregular`: a stroke along a random walk, as a brush draws it (Yu et al. 2019, "Free-Form Image Inpainting with Gated
  Convolution", algorithm 1). It is as thick as the share requires: the hole is the pixels nearest to the walk.
- `mixed`: one of these three for each picture.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ganops.config import DrawnMaskKind
from ganops.networks.layers import centre_crop
from ganops.noise import Noise

_MOST_STRETCHED = 2.0
# Of the random walk: segments, the least and the greatest length in units of the shorter side, and the largest bend.
_SEGMENTS, _LENGTHS, _BEND = 6, (0.25, 0.75), 0.75 * math.pi

Masks = Float[Tensor, "batch 1 height width"]


def draw_masks(kind: DrawnMaskKind, coverage: float, size: tuple[int, int], noise: Noise) -> Masks:
    """Draw a mask for each sample of the noise.

    Args:
        kind: the shape of the holes.
        coverage: share of the pixels, in (0, 1); at least one pixel is missing, and at least one is known.
        size: height and width.
        noise: of the samples; mask i depends on sample i alone.
    """
    match kind:
        case "centre":
            return _centre(coverage, size, noise)
        case "box":
            return _boxes(coverage, size, noise)
        case "irregular":
            return _strokes(coverage, size, noise)
        case "mixed":
            drawn = torch.stack([draw(coverage, size, noise) for draw in (_centre, _boxes, _strokes)], dim=1)
            return drawn[torch.arange(noise.count), noise.integers("mask/kind", drawn.shape[1])]


def _centre(coverage: float, size: tuple[int, int], noise: Noise) -> Masks:
    mask = torch.zeros(noise.count, 1, *size, device=noise.device)
    height, width = (int(length) for length in _find_sides(coverage, size, torch.ones(1)))
    centre_crop(mask, height, width).fill_(1.0)
    return mask


def _boxes(coverage: float, size: tuple[int, int], noise: Noise) -> Masks:
    """Draw log-uniform aspect ratios, as far as the box fits into the picture, then the places."""
    narrowest = max(coverage, 1 / _MOST_STRETCHED)
    lengths = _find_sides(coverage, size, narrowest ** (1 - 2 * noise.uniform("mask/aspect")))
    places, inside = noise.uniform("mask/place", (2,)), []
    for axis, length in enumerate(lengths):
        first = (places[:, axis] * (size[axis] - length + 1)).floor()[:, None]
        pixels = torch.arange(size[axis], device=noise.device)
        inside.append((pixels >= first) & (pixels < first + length[:, None]))
    rows, columns = inside
    return (rows[:, None, :, None] & columns[:, None, None, :]).float()


def _find_sides(coverage: float, size: tuple[int, int], ratios: Float[Tensor, " batch"]) -> tuple[Tensor, Tensor]:
    """Return height and width of rectangles, in whole pixels.

    The shorter side of the picture is rounded first, and the other one makes good what that added or took.

    Args:
        coverage: share of the pixels.
        size: of the picture.
        ratios: height by width, in units of the picture's.
    """
    short, long = (0, 1) if size[0] <= size[1] else (1, 0)
    stretch = ratios if short == 0 else 1 / ratios
    first = (size[short] * (coverage * stretch).sqrt()).round().clamp(1, size[short])
    second = (coverage * size[0] * size[1] / first).round().clamp(1, size[long])
    # A pixel at least is known.
    second = torch.where((first == size[short]) & (second == size[long]), (second - 1).clamp_min(1), second)
    return (first, second) if short == 0 else (second, first)


def _strokes(coverage: float, size: tuple[int, int], noise: Noise) -> Masks:
    """Cover the pixels whose distance from the walk is among the smallest."""
    height, width = size
    pixels = torch.cartesian_prod(torch.arange(height) + 0.5, torch.arange(width) + 0.5).to(noise.device)
    distances = _distances_from_walks(pixels, _walks(size, noise))
    count = min(max(1, round(coverage * height * width)), height * width - 1)
    farthest = distances.kthvalue(count, dim=1, keepdim=True).values
    return (distances <= farthest).float().view(noise.count, 1, height, width)


def _walks(size: tuple[int, int], noise: Noise) -> Float[Tensor, "batch points 2"]:
    """Draw the corners of the walks, reflected at the picture's edges."""
    sides = torch.tensor(size, dtype=torch.float32, device=noise.device)
    start = noise.uniform("mask/start", (1, 2)) * sides
    least, greatest = _LENGTHS
    lengths = (least + noise.uniform("mask/lengths", (_SEGMENTS,)) * (greatest - least)) * min(size)
    bends = (2 * noise.uniform("mask/bends", (_SEGMENTS,)) - 1) * _BEND
    angles = 2 * math.pi * noise.uniform("mask/direction", (1,)) + bends.cumsum(1)
    steps = torch.stack([lengths * angles.sin(), lengths * angles.cos()], dim=2)
    corners = [start[:, 0]]
    for step in steps.unbind(1):
        corners.append(sides - (sides - (corners[-1] + step).remainder(2 * sides)).abs())
    return torch.stack(corners, dim=1)


def _distances_from_walks(
    pixels: Float[Tensor, "pixels 2"], corners: Float[Tensor, "batch points 2"]
) -> Float[Tensor, "batch pixels"]:
    """Return the distance of each pixel from the nearest segment."""
    distances = torch.full((len(corners), len(pixels)), math.inf, device=pixels.device)
    for start, end in zip(corners.unbind(1), corners.unbind(1)[1:], strict=False):
        along, from_start = (end - start)[:, None], pixels - start[:, None]
        squared = along.square().sum(2).clamp_min(1e-12)
        share = ((from_start * along).sum(2) / squared).clamp(0, 1)
        distances = torch.minimum(distances, (from_start - share[:, :, None] * along).norm(dim=2))
    return distances
