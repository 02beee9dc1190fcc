import math

import numpy as np
import pytest
import torch
from torch import nn

from ganops.training.ema import decay, exponent, update_average


def weights_of_an_average(iterations, batch, relative_length):
    """Return the weight that each iteration's weights have in the average after the last one."""
    weights = np.zeros(iterations)
    for i in range(iterations):
        share = decay(batch, (i + 1) * batch, relative_length)
        weights *= share
        weights[i] = 1 - share
    return weights


@pytest.mark.parametrize(("relative_length", "gamma"), [(0.05, 16.97), (0.10, 6.94)])
def test_the_exponents_are_those_of_the_paper(relative_length, gamma):
    assert exponent(relative_length) == pytest.approx(gamma, abs=0.005)


@pytest.mark.parametrize("relative_length", [0.03, 0.1, 0.28])
def test_the_standard_deviation_of_the_profile_is_the_relative_length(relative_length):
    times, weights = np.arange(1, 2001) / 2000, weights_of_an_average(2000, 64, relative_length)
    mean = (weights * times).sum()
    deviation = math.sqrt((weights * (times - mean) ** 2).sum())
    assert weights.sum() == pytest.approx(1)
    assert deviation == pytest.approx(relative_length, rel=0.01)


def test_the_profile_is_a_power_of_the_time_whatever_the_batch():
    power = exponent(0.1) + 1
    edges = (np.arange(51) / 50) ** power
    assert weights_of_an_average(50, 7, 0.1) == pytest.approx(np.diff(edges))
    finer = weights_of_an_average(100, 3, 0.1)
    assert finer.reshape(50, 2).sum(1) == pytest.approx(np.diff(edges))


def test_the_average_is_the_mean_of_the_weights_under_the_profile():
    network, average = nn.Linear(3, 2), nn.Linear(3, 2)
    seen = torch.randn(20, 2, 3)
    for i, weights in enumerate(seen):
        network.load_state_dict({"weight": weights, "bias": torch.zeros(2)})
        update_average(average, network, batch=8, images_seen=8 * (i + 1), relative_length=0.1)
    profile = torch.tensor(weights_of_an_average(20, 8, 0.1), dtype=torch.float32)
    torch.testing.assert_close(average.weight.data, (profile[:, None, None] * seen).sum(0))


def test_the_first_iteration_replaces_the_random_weights():
    average, network = nn.Linear(3, 2), nn.Linear(3, 2)
    update_average(average, network, batch=64, images_seen=64, relative_length=0.25)
    assert torch.equal(average.weight, network.weight)


def test_buffers_are_copied_not_averaged():
    average, network = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    network(torch.randn(8, 3))
    update_average(average, network, batch=1, images_seen=10**9, relative_length=0.1)
    ours, theirs = dict(average.named_buffers()), dict(network.named_buffers())
    assert torch.equal(ours["running_mean"], theirs["running_mean"])
    assert ours["num_batches_tracked"] == 1


def test_a_length_of_zero_copies():
    average, network = nn.Linear(3, 2), nn.Linear(3, 2)
    update_average(average, network, batch=1, images_seen=10**6, relative_length=0.0)
    assert torch.equal(average.weight, network.weight)
