"""Layers that several families share."""

import torch

from ganops.networks.layers import clamp


def test_clamp_stops_only_the_gradient_that_points_further_out():
    values = torch.tensor([-3.0, -3.0, -0.5, 0.5, 3.0, 3.0], requires_grad=True)
    gradient = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    clamped = clamp(values)
    assert clamped.tolist() == [-1.0, -1.0, -0.5, 0.5, 1.0, 1.0]
    clamped.backward(gradient)
    # Descent moves against the gradient: −3 with a gradient of 1 would go further down.
    assert values.grad.tolist() == [0.0, -1.0, 1.0, -1.0, 1.0, 0.0]
