import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ganops.errors import ConfigurationError
from ganops.networks import dcgan, r3, resnet, vanilla
from ganops.networks.layers import initialise
from ganops.networks.spectral import SpectralNorm, normalise_weights
from ganops.objectives.penalties import gradient_penalty, squared_gradient

from ..parameters import images

PICTURES = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(0))
LABEL = torch.tensor([0, 2, 1])


def normalised(family=resnet, seed=0):
    network = initialise(family.Discriminator(4, images(1, 16, 16, 3)), "discriminator", seed)
    return normalise_weights(network, "discriminator", seed)


def layers(network) -> list[Any]:
    return [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear | nn.Embedding)]


def norms(network):
    return [module for module in network.modules() if isinstance(module, SpectralNorm)]


def tensors(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


@pytest.mark.parametrize("family", [resnet, dcgan, vanilla])
def test_the_spectral_norm_converges_to_1(family):
    network = normalised(family)
    with torch.no_grad():
        for _ in range(500):
            network(PICTURES, LABEL)
    network.eval()
    assert len(layers(network)) == len(norms(network)) > 3
    for layer in layers(network):
        original = layer.parametrizations.weight.original
        assert torch.linalg.svdvals(layer.weight.flatten(1))[0].item() == pytest.approx(1.0, abs=1e-3)
        expected = original / torch.linalg.svdvals(original.flatten(1))[0]
        torch.testing.assert_close(layer.weight, expected, rtol=1e-3, atol=1e-5)


def test_the_spectral_norm_is_near_1_from_the_start():
    for layer in layers(normalised().eval()):
        assert 1 - 1e-5 < torch.linalg.svdvals(layer.weight.flatten(1))[0].item() < 1.05


def test_each_pass_is_that_of_pytorchs_own_parametrisation():
    ours, theirs = (nn.Conv2d(3, 5, 3), nn.Conv2d(3, 5, 3))
    theirs.load_state_dict(ours.state_dict())
    normalise_weights(nn.Sequential(ours), "network", seed=0)
    spectral_norm(theirs)
    theirs.load_state_dict(ours.state_dict())
    pictures = torch.randn(2, 3, 6, 6)
    for _ in range(4):
        assert torch.equal(ours(pictures), theirs(pictures))
    for name, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], value)


def test_initial_vectors_depend_only_on_their_address():
    one = tensors(normalised())
    torch.manual_seed(7)
    network = initialise(resnet.Discriminator(4, images(1, 16, 16, 3)), "discriminator", seed=0)
    before = torch.get_rng_state()
    two = tensors(normalise_weights(network, "discriminator", seed=0))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(one[name], two[name]) for name in one)
    same_weights = initialise(resnet.Discriminator(4, images(1, 16, 16, 3)), "discriminator", seed=0)
    other = tensors(normalise_weights(same_weights, "discriminator", seed=1))
    convolved = [name for name in one if name.startswith(("downs", "plain")) and name.endswith("_v")]
    assert convolved and not any(torch.equal(one[name], other[name]) for name in convolved)


def test_only_training_mode_updates_the_vectors():
    network = normalised().eval()
    before = tensors(network)
    network(PICTURES, LABEL)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    network.train()(PICTURES, LABEL)
    vectors = [name for name in before if name.endswith(("_u", "_v"))]
    moved = [name for name, value in network.state_dict().items() if not torch.equal(value, before[name])]
    assert moved and set(moved) <= set(vectors)


def test_a_loaded_or_copied_network_continues_identically():
    network, loaded = normalised(), normalised(seed=5)
    network(PICTURES, LABEL)
    loaded.load_state_dict(network.state_dict())
    copied = copy.deepcopy(network)
    results = [[other(PICTURES, LABEL) for _ in range(3)][-1] for other in (network, loaded, copied)]
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])
    with torch.no_grad():
        for parameter in copied.parameters():
            parameter.zero_()
    assert all(parameter.any() for name, parameter in network.named_parameters() if name.endswith("original"))


def test_the_memory_format_changes_no_value():
    one, two = normalised().double(), normalised().double()
    two.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    assert any(layer.weight.is_contiguous(memory_format=torch.channels_last) for layer in layers(two))
    pictures = PICTURES.double()
    for _ in range(3):
        torch.testing.assert_close(one(pictures, LABEL), two(pictures, LABEL))


@pytest.mark.parametrize("iterates", [True, False])
def test_autocast_does_not_change_the_weight(iterates):
    one, two = normalised().train(iterates), normalised().train(iterates)
    with torch.autocast("cpu", torch.bfloat16):
        weights = [layer.weight for layer in layers(one)]
    for ours, layer in zip(weights, layers(two), strict=True):
        assert torch.equal(ours, layer.weight)


def test_the_scale_of_the_weights_does_not_matter():
    network, larger = normalised().eval(), normalised().eval()
    with torch.no_grad():
        for layer in layers(larger):
            layer.parametrizations.weight.original.mul_(10)
    torch.testing.assert_close(larger(PICTURES, LABEL), network(PICTURES, LABEL))


@pytest.mark.parametrize("penalty", [squared_gradient, gradient_penalty])
def test_a_penaltys_gradient_equals_finite_differences(penalty):
    network = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.Softplus(), nn.Flatten(), nn.Linear(8, 1))
    network = normalise_weights(network, "network", seed=0).double().eval()
    weights = {name: weight.detach().requires_grad_() for name, weight in network.named_parameters()}

    def paid(*values):
        pictures = PICTURES[:, :, :6, :6].double().requires_grad_()
        logits = torch.func.functional_call(network, dict(zip(weights, values, strict=True)), (pictures,))
        return penalty(logits, pictures)

    assert torch.autograd.gradcheck(paid, tuple(weights.values()))


def test_one_backward_pass_may_follow_several_forward_passes():
    """The passes of the loss and of the penalty: an iteration changes u and v, but not those of the passes before."""
    network = normalised()
    real, fake = PICTURES.clone().requires_grad_(), -PICTURES
    real_logit, fake_logit = network(real, LABEL), network(fake, LABEL)
    (fake_logit.mean() - real_logit.mean() + squared_gradient(real_logit, real).mean()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name


def test_a_zero_initialised_layer_is_refused():
    network = initialise(r3.Discriminator(8, images(1, 16, 16, 0)), "discriminator", seed=0)
    with pytest.raises(ConfigurationError, match=r"stages\.0\.0\.reduce.*spectral_norm=false"):
        normalise_weights(network, "discriminator", seed=0)
