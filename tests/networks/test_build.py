import pytest
import torch

from ganops.networks.build import build_network, build_networks

from ..parameters import images, resolve_settings


@pytest.mark.parametrize("recipe", ["sngan", "wgan_gp", "vae"])
def test_a_network_built_for_loading_has_the_weights_and_buffers_of_the_trained_one(recipe):
    of_recipe = resolve_settings(recipe, images(1, 12, 9, 3), base_channels=4)
    for name, trained in build_networks(of_recipe).items():
        loaded, expected = build_network(of_recipe, name).state_dict(), trained.state_dict()
        assert {key: (value.shape, value.dtype) for key, value in loaded.items()} == {
            key: (value.shape, value.dtype) for key, value in expected.items()
        }


def test_the_networks_are_a_function_of_settings_and_seed():
    one, same, other = (
        build_networks(resolve_settings("sngan", images(1, 12, 9, 3), base_channels=4, seed=seed)) for seed in (1, 1, 2)
    )
    for name, network in one.items():
        weights = network.state_dict()
        assert all(torch.equal(weights[key], value) for key, value in same[name].state_dict().items())
        assert any(not torch.equal(weights[key], value) for key, value in other[name].state_dict().items())
