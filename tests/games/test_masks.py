"""Masks of picture completion: their share of the pixels, their shapes, their noise."""

import pytest
import torch

from ganops.games.masks import draw_masks
from ganops.noise import Noise

SIZES = [(28, 28), (9, 13), (100, 60)]


@pytest.mark.parametrize("kind", ["centre", "box", "irregular", "mixed"])
@pytest.mark.parametrize("size", [*SIZES, (5, 4), (4, 256)])
@pytest.mark.parametrize("coverage", [0.001, 0.01, 0.25, 0.6, 0.9, 0.98, 0.999])
def test_masks_are_ones_and_zeros_that_cover_the_stated_share(kind, size, coverage):
    masks = draw_masks(kind, coverage, size, Noise(0, 0, 40))
    assert masks.shape == (40, 1, *size) and ((masks == 0) | (masks == 1)).all()
    shares = masks.flatten(1).mean(1)
    assert (shares > 0).all() and (shares < 1).all(), "a pixel at least is missing, and one is known"
    # The longer side is rounded to whole pixels, which are lines across the shorter one; a side may be full.
    allowed = max(0.5 * min(size), *size) / (size[0] * size[1]) + 1e-6
    assert ((shares - coverage).abs() <= allowed).all(), shares


@pytest.mark.parametrize("kind", ["centre", "box", "irregular", "mixed"])
def test_a_mask_depends_on_its_sample_alone(kind):
    whole = draw_masks(kind, 0.3, (16, 12), Noise(3, 40, 8))
    assert torch.equal(draw_masks(kind, 0.3, (16, 12), Noise(3, 44, 4)), whole[4:])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("coverage", [0.05, 0.25, 0.8])
def test_the_centre_is_in_the_middle(size, coverage):
    mask = draw_masks("centre", coverage, size, Noise(0, 0, 1))[0, 0]
    for axis, length in enumerate(size):
        places = mask.any(1 - axis).nonzero()[:, 0]
        assert abs(int(places[0]) - (length - 1 - int(places[-1]))) <= 1


@pytest.mark.parametrize("size", SIZES)
def test_boxes_are_filled_rectangles_of_many_places_and_ratios(size):
    masks = draw_masks("box", 0.2, size, Noise(0, 0, 200))[:, 0].bool()
    rows, columns = masks.any(2), masks.any(1)
    assert torch.equal(rows[:, :, None] & columns[:, None, :], masks)
    ratios = (rows.sum(1) / size[0]) / (columns.sum(1) / size[1])
    assert ratios.min() < 0.7 and ratios.max() > 1.4
    assert rows.any(0).all() and columns.any(0).all(), "each row and column is missing from some picture"


@pytest.mark.parametrize("size", [(28, 28), (100, 60)])
def test_strokes_are_connected_and_differ(size):
    masks = draw_masks("irregular", 0.2, size, Noise(0, 0, 30))
    assert len({tuple(mask.flatten().tolist()) for mask in masks}) == 30
    for mask in masks:
        reached = torch.zeros_like(mask)
        reached.view(-1)[int(mask.flatten().nonzero()[0])] = 1
        for _ in range(sum(size) * 4):
            reached = torch.nn.functional.max_pool2d(reached[None], 3, 1, 1)[0] * mask
        assert torch.equal(reached, mask)


def test_mixed_masks_are_of_all_three_kinds():
    noise = Noise(0, 0, 60)
    mixed = draw_masks("mixed", 0.3, (20, 20), noise)
    kinds = [draw_masks(kind, 0.3, (20, 20), noise) for kind in ("centre", "box", "irregular")]
    equal = torch.stack([(mixed == masks).flatten(1).all(1) for masks in kinds])
    assert equal.any(0).all() and (equal.sum(1) > 10).all()
