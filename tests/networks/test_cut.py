"""The generator of CUT: where its blocks work, and what its heads read."""

import pytest
import torch

from ganops.networks.cut import Generator, Heads
from ganops.training_settings import SampleSpec


def _spec(side: int) -> SampleSpec:
    return SampleSpec(channels=3, image_height=side, image_width=side, classes=2)


@pytest.mark.parametrize(("side", "maps"), [(4, 2), (28, 14), (32, 16), (63, 32), (64, 16), (100, 25)])
def test_blocks_work_at_half_of_the_side_of_small_pictures_and_a_quarter_of_others(side: int, maps: int) -> None:
    generator = Generator(2, _spec(side))
    pictures = torch.zeros(1, 3, side, side)
    assert generator.encode(pictures)[-1].shape[2:] == (maps, maps)
    assert generator(pictures).shape == pictures.shape


@pytest.mark.parametrize("side", [32, 64])
def test_heads_read_every_level_of_the_encoder(side: int) -> None:
    levels = Generator(2, _spec(side)).encode(torch.zeros(1, 3, side, side))
    projected = Heads(2, _spec(side))(levels, [torch.zeros(1, 1, dtype=torch.int64) for _ in levels])
    assert [vectors.shape for vectors in projected] == [(1, 1, 256)] * len(levels)
