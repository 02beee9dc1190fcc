"""Each private name of torch still does what the package uses it for."""

import torch
from torch import nn

from ganops import torch_private


def test_every_batch_norm_is_a_batch_norm():
    layers = [nn.BatchNorm1d(2), nn.BatchNorm2d(2), nn.BatchNorm3d(2)]
    assert all(isinstance(layer, torch_private.BatchNorm) for layer in layers)
    assert not isinstance(nn.GroupNorm(1, 2), torch_private.BatchNorm)


def test_spectral_norm_in_eval_mode_keeps_its_vectors():
    layer = nn.utils.parametrizations.spectral_norm(nn.Linear(3, 2))
    (norm,) = [module for module in layer.modules() if isinstance(module, torch_private.SpectralNorm)]
    layer(torch.ones(1, 3))
    before = {name: value.clone() for name, value in norm.named_buffers()}
    assert len(before) == 2
    norm.eval()
    layer(torch.ones(1, 3))
    assert all(torch.equal(before[name], value) for name, value in norm.named_buffers())
    norm.train()
    with torch.no_grad():
        dict(layer.named_parameters())["parametrizations.weight.original"][0] *= 9.0  # another largest singular vector
    layer(torch.ones(1, 3))
    assert not all(torch.equal(before[name], value) for name, value in norm.named_buffers())


def test_lerp_moves_each_tensor_by_the_share():
    tensors, targets = [torch.zeros(2), torch.ones(3)], [torch.ones(2), torch.full((3,), 5.0)]
    torch_private.lerp_(tensors, targets, 0.25)
    torch.testing.assert_close(tensors, [torch.full((2,), 0.25), torch.full((3,), 2.0)])


def test_processor_flags_are_booleans():
    assert isinstance(torch_private.has_amx(), bool)
    assert isinstance(torch_private.has_avx512_bf16(), bool)
