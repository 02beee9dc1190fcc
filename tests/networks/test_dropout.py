import pytest
import torch

from ganops.networks.dropout import Dropout
from ganops.noise import Noise


def test_the_mean_stays_and_the_probability_holds():
    dropped = Dropout(Noise(0, 0, 100), "real")(torch.ones(100, 1000), "first", 0.3)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=0.005)
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.01)
    assert dropped.unique().tolist() == pytest.approx([0.0, 1 / 0.7])


def test_a_mask_depends_only_on_its_address():
    values = torch.ones(8, 3, 4, 5)
    whole = Dropout(Noise(0, 16, 8), "real")(values, "first", 0.5)
    torch.manual_seed(5)
    part = Dropout(Noise(0, 19, 2), "real")(values[:2], "first", 0.5)
    assert torch.equal(whole[3:5], part)
    for other in (Dropout(Noise(1, 16, 8), "real"), Dropout(Noise(0, 16, 8), "fake")):
        assert not torch.equal(other(values, "first", 0.5), whole)
    assert not torch.equal(Dropout(Noise(0, 16, 8), "real")(values, "second", 0.5), whole)


def test_without_a_probability_nothing_changes():
    values = torch.randn(2, 7)
    assert torch.equal(Dropout(Noise(0, 0, 2), "real")(values, "first", 0.0), values)
