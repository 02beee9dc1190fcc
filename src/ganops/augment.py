"""Differentiable augmentation of reals and fakes alike, so that a discriminator does not overfit to few pictures.

Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training", section 4: colour, translation and
cutout. Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data" (ADA): each transformation is
applied to each picture with probability p, section 2.2, and p is adapted to how sure D is of the reals, section 3.
"""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Float32, Int
from torch import Tensor

from ganops.config import AugmentationPolicy
from ganops.noise import Noise

_LARGEST_SHIFT = 1 / 8
_BRIGHTNESS = 0.5
_SATURATION = 1.0
_CONTRAST = 0.5
# Channels → those of them that are colour: grey, grey and opacity, colour, colour and opacity.
_COLOURS = {1: 1, 2: 1, 3: 3, 4: 3}
# Of ADA's p, if it only rises.
_IMAGES_FROM_0_TO_1 = 500_000
# Karras et al. 2020 (ADA), section 3.1.
ADAPTATION_UPDATES = 4


def augment(
    pictures: Float[Tensor, "batch channels height width"],
    noise: Noise,
    stream: str,
    probability: float | Float[Tensor, ""],
    policy: AugmentationPolicy = "translation",
) -> Float[Tensor, "batch channels height width"]:
    """Apply each transformation of the policy to each picture with the same probability.

    - `translation`: a shift by up to 1/8 of the size, in whole pixels; what comes in is the value −1 (black).
    - `diffaugment`: at probability 1 what Zhao et al. published, in its order. Brightness: + U(−0.5, 0.5). Saturation:
      the distance from the mean of a pixel's colours × U(0, 2). Contrast: the distance from the picture's mean
      × U(0.5, 1.5). A shift as above, then a hole of half the height and half the width, whose centre lies anywhere in
      the picture: what comes in, and the hole, are 0, the middle of the range (in opacity too). Nothing is clipped.
      The colour transformations leave opacity alone.

    Args:
        pictures: model values in [−1, 1], on the noise's device; one or three colour channels, with or without opacity.
        noise: of these samples.
        stream: of the noise, below `augment/`.
        probability: a number, or a scalar on that device, for which the host does not wait.
        policy: the transformations.
    """
    name = f"augment/{stream}"
    if policy == "translation":
        draws = noise.uniform(name, (3,))
        return translate(pictures, *_shifts(draws[:, 1:], draws[:, 0] < probability, pictures))
    draws = noise.uniform(name, (12,))
    applied = draws[:, :5] < probability
    coloured = _colour(pictures, draws[:, 5:8], applied[:, :3])
    moved = _Shift.apply(coloured, *_shifts(draws[:, 8:10], applied[:, 3], pictures), 0.0)
    return moved * _cutout_mask(draws[:, 10:], applied[:, 4], pictures)


def translate(
    pictures: Float[Tensor, "batch channels height width"], rows: Int[Tensor, " batch"], columns: Int[Tensor, " batch"]
) -> Float[Tensor, "batch channels height width"]:
    """Move picture b down by rows[b] and right by columns[b] pixels, and fill with −1."""
    return _Shift.apply(pictures, rows, columns, -1.0)


def adapt(
    probability: Float32[Tensor, ""], signs: Float32[Tensor, ""], count: Float32[Tensor, ""], target: float
) -> None:
    """Change p in place: p += sign(r_t − target) · images / 500k, within [0, 1]; then reset the sums.

    Karras et al. 2020 (ADA), section 3.1. All stays on the device, so that the host never waits.

    Args:
        probability: p.
        signs: sum of sign D(real) since the last adaptation, over all processes.
        count: number of these reals; r_t = signs / count.
        target: of r_t.
    """
    probability += (signs - target * count).sign() * (count / _IMAGES_FROM_0_TO_1)
    probability.clamp_(0, 1)
    signs.zero_()
    count.zero_()


def _colour(pictures: Tensor, draws: Float[Tensor, "batch 3"], applied: Bool[Tensor, "batch 3"]) -> Tensor:
    """Add b to the brightness, scale saturation by s, then contrast by k, of the colour channels, in one step.

    Let m be the mean of a pixel's colours and M that of the picture. Saturation keeps both, so that the three in a row
    are x → k·s·x + k·(1 − s)·m + (1 − k)·M + b. A grey picture has x = m.
    """
    strength = applied * (2 * draws - 1)
    b, s, k = (value.view(-1, 1, 1, 1) for value in strength.unbind(1))
    b, s, k = _BRIGHTNESS * b, 1 + _SATURATION * s, 1 + _CONTRAST * k
    colours = _COLOURS[pictures.shape[1]]
    x = pictures[:, :colours]
    m = x.mean(1, keepdim=True)
    rest = (1 - k) * m.mean((2, 3), keepdim=True) + b
    grey = colours == 1
    changed = torch.addcmul(rest, x, k) if grey else torch.addcmul(torch.addcmul(rest, m, k * (1 - s)), x, k * s)
    changed = changed.to(pictures.dtype)
    return changed if colours == pictures.shape[1] else torch.cat([changed, pictures[:, colours:]], 1)


def _shifts(
    draws: Float[Tensor, "batch 2"], applied: Bool[Tensor, " batch"], pictures: Tensor
) -> tuple[Int[Tensor, " batch"], Int[Tensor, " batch"]]:
    height, width = pictures.shape[2:]
    return _shift(draws[:, 0], height) * applied, _shift(draws[:, 1], width) * applied


def _shift(uniform: Float[Tensor, " batch"], size: int) -> Int[Tensor, " batch"]:
    largest = round(size * _LARGEST_SHIFT)
    return (uniform * (2 * largest + 1)).floor().long() - largest


def _cutout_mask(
    draws: Float[Tensor, "batch 2"], applied: Bool[Tensor, " batch"], pictures: Tensor
) -> Float[Tensor, "batch 1 height width"]:
    """Return 0 in the hole, 1 elsewhere."""
    rows, columns = (_half(draws[:, axis], pictures.shape[2 + axis]).to(pictures.dtype) for axis in (0, 1))
    return 1 - ((rows * applied[:, None])[:, None, :, None] * columns[:, None, None, :])


def _half(uniform: Float[Tensor, " batch"], size: int) -> Bool[Tensor, "batch size"]:
    """Mark half of the size about a random centre, cut off at the edges; a boundary is the centre of an even length."""
    length = size // 2
    start = (uniform * (size + 1 - length % 2)).floor().long() - length // 2
    return _inside(torch.arange(size, device=uniform.device) - start[:, None], length)


class _Shift(torch.autograd.Function):
    """Pictures moved down by rows and right by columns, and filled with `fill`.

    The adjoint is the opposite shift with 0, so that the gradient is read in one order, as the pictures are; that of
    `gather` is scattered.
    """

    @staticmethod
    def forward(ctx: Any, pictures: Tensor, rows: Tensor, columns: Tensor, fill: float) -> Tensor:
        """Copy row for row, each a strip of the pictures' memory."""
        ctx.save_for_backward(rows, columns)
        batch, channels, height, width = pictures.shape
        # One row of `fill` before and one behind: no strip leaves the memory, and strip 0 holds nothing else.
        memory = pictures.new_full((pictures.numel() + 2 * width,), fill)
        memory[width:-width].view(pictures.shape).copy_(pictures)
        source = torch.arange(height, device=pictures.device) - rows[:, None]
        start = (source + 1) * width - columns.clamp(-width, width)[:, None]
        plane = torch.arange(batch * channels, device=pictures.device).view(batch, channels, 1) * (height * width)
        strip = torch.where(_inside(source, height)[:, None], plane + start[:, None], 0)
        moved = F.embedding(strip, memory.as_strided((len(memory) - width + 1, width), (1, 1)))
        # At an end of a strip is what is no neighbour of its row.
        source = torch.arange(width, device=pictures.device) - columns[:, None]
        inside = _inside(source, width).to(moved.dtype)[:, None, None]
        return torch.addcmul(fill * (1 - inside), moved, inside)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        rows, columns = ctx.saved_tensors
        return _Shift.apply(gradient, -rows, -columns, 0.0), None, None, None


def _inside(position: Int[Tensor, "batch size"], size: int) -> Bool[Tensor, "batch size"]:
    return (position >= 0) & (position < size)
