"""Layers that several families share."""

import pytest
import torch

from ganops.networks.layers import clamp, modulate


def test_clamp_stops_only_the_gradient_that_points_further_out():
    values = torch.tensor([-3.0, -3.0, -0.5, 0.5, 3.0, 3.0], requires_grad=True)
    gradient = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    clamped = clamp(values)
    assert clamped.tolist() == [-1.0, -1.0, -0.5, 0.5, 1.0, 1.0]
    clamped.backward(gradient)
    # Descent moves against the gradient: −3 with a gradient of 1 would go further down.
    assert values.grad is not None and values.grad.tolist() == [0.0, -1.0, 1.0, -1.0, 1.0, 0.0]


@pytest.mark.parametrize("channels", [1, 16, 32])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_modulation_is_the_same_for_narrow_and_wide_maps_in_every_type(channels, dtype):
    maps = torch.randn(3, channels, 5, 7).to(dtype).requires_grad_()
    values = torch.randn(3, 2 * channels, requires_grad=True)
    gain, bias = values.detach().to(dtype)[:, :, None, None].chunk(2, dim=1)
    found = modulate(maps, values)
    assert torch.equal(found, torch.addcmul(bias, maps, 1 + gain))
    found.sum().backward()
    assert maps.grad is not None and values.grad is not None
    assert torch.equal(maps.grad, (1 + gain).expand_as(maps))
    expected = torch.cat([maps.detach().double().sum((2, 3)), torch.full((3, channels), 35.0)], dim=1)
    tolerance = 1e-5 if dtype == torch.float32 else 0.2
    torch.testing.assert_close(values.grad.double(), expected.double(), rtol=1e-2, atol=tolerance)
