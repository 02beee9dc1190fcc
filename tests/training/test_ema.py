import torch
from torch import nn

from ganops.training.ema import update_average


def test_after_one_half_life_half_of_the_distance_is_left():
    average, network = nn.Linear(3, 2), nn.Linear(3, 2)
    start = average.weight.detach().clone()
    for _ in range(10):
        update_average(average, network, batch=100, half_life_images=1000)
    torch.testing.assert_close(average.weight, (start + network.weight) / 2)


def test_buffers_are_copied_not_averaged():
    average, network = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    network(torch.randn(8, 3))
    update_average(average, network, batch=1, half_life_images=10**9)
    ours, theirs = dict(average.named_buffers()), dict(network.named_buffers())
    assert torch.equal(ours["running_mean"], theirs["running_mean"])
    assert ours["num_batches_tracked"] == 1


def test_a_half_life_of_zero_copies():
    average, network = nn.Linear(3, 2), nn.Linear(3, 2)
    update_average(average, network, batch=1, half_life_images=0)
    assert torch.equal(average.weight, network.weight)
