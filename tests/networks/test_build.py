import pytest
import torch

from ganops.config import TrainingParameters
from ganops.games.resolve import Hardware, SampleSpec, resolve
from ganops.networks.build import build_network, build_networks


@pytest.mark.parametrize("recipe", ["sngan", "wgan_gp", "vae"])
def test_a_network_to_be_loaded_takes_the_weights_of_the_one_that_was_trained(recipe):
    parameters = TrainingParameters(recipe=recipe, device="cpu", width=4)
    settings = resolve(parameters, SampleSpec(1, 12, 9, 3, 100), Hardware("cpu", 1))
    for name, trained in build_networks(settings).items():
        loaded = build_network(settings, name)
        loaded.load_state_dict(trained.state_dict())
        for key, weight in trained.named_parameters():
            torch.testing.assert_close(loaded.get_parameter(key), weight, rtol=0, atol=0)
