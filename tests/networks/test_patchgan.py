"""The receptive field of a logit, as it is stated."""

import pytest
import torch

from ganops.networks.layers import initialise
from ganops.networks.patchgan import Discriminator, count_strided, receptive_field


@pytest.mark.parametrize("strided, side", [(1, 16), (2, 34), (3, 70)])
def test_the_receptive_fields_of_the_paper(strided, side):
    """Appendix 6.1.2 of Isola et al. 2017: 16 × 16 and 70 × 70."""
    assert receptive_field(strided) == side


@pytest.mark.parametrize("size", [(16, 16), (28, 40), (64, 64), (100, 100)])
def test_a_logit_sees_a_square_of_the_stated_side(size):
    """By its gradient: it vanishes outside of a square of that side, and reaches the square's border."""
    network = initialise(Discriminator(4, 2, size), "discriminator", 0)
    wide = 300  # so that no padding cuts the square of the central logit
    picture = torch.randn(1, 2, wide, wide, requires_grad=True)
    logits = network(picture)
    assert logits.shape[:2] == (1, 1)
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    assert picture.grad is not None
    for axis in (2, 3):
        (seen,) = picture.grad.abs().sum((0, 1, 5 - axis)).nonzero(as_tuple=True)
        assert int(seen.max() - seen.min()) + 1 == receptive_field(count_strided(*size))


@pytest.mark.parametrize("height, width, strided", [(8, 8, 1), (28, 28, 1), (34, 33, 1), (34, 34, 2), (70, 256, 3)])
def test_the_square_lies_within_the_picture_where_it_can(height, width, strided):
    assert count_strided(height, width) == strided


@pytest.mark.parametrize("size", [(4, 4), (5, 9)])
def test_the_smallest_pictures_have_a_logit(size):
    assert Discriminator(4, 2, size)(torch.randn(3, 2, *size)).numel() >= 3
