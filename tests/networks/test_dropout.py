import pytest
import torch

from ganops.networks.dropout import dropout
from ganops.noise import Noise


def test_mean_stays_and_probability_holds():
    dropped = dropout(torch.ones(100, 1000), Noise(0, 0, 100), "first", 0.3)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=0.005)
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.01)
    assert dropped.unique().tolist() == pytest.approx([0.0, 1 / 0.7])


def test_mask_depends_only_on_its_address():
    values = torch.ones(8, 3, 4, 5)
    whole = dropout(values, Noise(0, 16, 8), "first", 0.5)
    torch.manual_seed(5)
    part = dropout(values[:2], Noise(0, 19, 2), "first", 0.5)
    assert torch.equal(whole[3:5], part)
    for other in (Noise(1, 16, 8), Noise(0, 16, 8).substream("fake")):
        assert not torch.equal(dropout(values, other, "first", 0.5), whole)
    assert not torch.equal(dropout(values, Noise(0, 16, 8), "second", 0.5), whole)


def test_probability_zero_changes_nothing():
    values = torch.randn(2, 7)
    assert torch.equal(dropout(values, Noise(0, 0, 2), "first", 0.0), values)
