import pytest
import torch

from ganops.games.build import build_game
from ganops.training.loop import shown


@pytest.mark.parametrize("objective, first", [("non_saturating", 16), ("relativistic", 24)])
def test_a_generator_that_compares_is_shown_the_next_batch(objective, first, make_settings, stripes):
    batches = shown(build_game(make_settings("dcgan", objective=objective)), stripes, 16, 8)
    assert list(batches) == ["discriminator", "generator"]
    assert torch.equal(batches["discriminator"]["image"], stripes.batch(16, 8)["image"])
    assert torch.equal(batches["generator"]["image"], stripes.batch(first, 8)["image"])
