import math

import pytest
import torch

from ganops.networks import r3
from ganops.networks.layers import coarse_size, initialise
from ganops.networks.resample import upsample2x

from ..parameters import images


def millions(network):
    return sum(parameter.numel() for parameter in network.parameters()) / 1e6


def test_cifar_10_parameter_counts_are_those_published():
    """There the generator reads the class beside z, by 64 more columns of its first layer and an embedding."""
    with torch.device("meta"):
        generator = r3.Generator(64, 768, images(3, 32, 32))
        discriminator = r3.Discriminator(768, images(3, 32, 32, 10))
    assert millions(generator) + 64 * (768 + 10) / 1e6 == pytest.approx(20.8, abs=0.05)
    assert millions(discriminator) == pytest.approx(21.3, abs=0.05)


@pytest.mark.parametrize(
    "size, widths",
    [((28, 28), [96] * 3), ((32, 32), [96] * 4), ((64, 80), [96, 96, 96, 96, 48]), ((128, 128), [96] * 4 + [48, 24])],
)
def test_the_width_is_halved_at_each_doubling_beyond_32_pixels(size, widths):
    assert r3.stage_widths(96, *size) == widths


def test_a_block_is_initially_the_identity():
    generator = initialise(r3.Generator(5, 16, images(1, 16, 16, 0)), "generator", seed=0)
    latent = torch.randn(3, 5)
    maps = generator.narrowing(generator.basis(latent))
    for _ in generator.changes:
        maps = upsample2x(maps)
    torch.testing.assert_close(generator(latent), generator.last(maps))


def test_the_class_scales_and_shifts_the_inside_of_a_block():
    block = initialise(r3.Block(8, blocks=4, embedding_dimension=5), "block", seed=0)
    torch.nn.init.normal_(block.reduce.weight)
    maps, embedded = torch.randn(3, 8, 4, 4), torch.randn(3, 5)
    assert block.of_class is not None
    gain, bias = (embedded @ block.of_class.weight.T)[:, :, None, None].split(16, dim=1)
    inside = torch.nn.functional.leaky_relu(block.expand(maps) * (1 + gain) + bias, 0.2)
    expected = maps + block.reduce(torch.nn.functional.leaky_relu(block.mix(inside), 0.2))
    torch.testing.assert_close(block(maps, embedded), expected)


def test_the_coarsest_maps_depend_on_the_latent_alone():
    """A class beside z leaves one picture a class: what z contributes fades."""
    generator = initialise(r3.Generator(5, 16, images(1, 16, 16, 3)), "generator", seed=0)
    latent = torch.randn(3, 5)
    torch.testing.assert_close(generator(latent, torch.tensor([0, 1, 2])), generator(latent, torch.tensor([2, 2, 0])))


def test_initial_convolutions_follow_fixup():
    block = initialise(r3.Block(64, blocks=8), "block", seed=0)
    gain = math.sqrt(2 / 1.04) * 8**-0.25
    assert block.expand.weight.std().item() == pytest.approx(gain / math.sqrt(64), rel=0.03)
    assert block.mix.weight.std().item() == pytest.approx(gain / math.sqrt(16 * 9), rel=0.03)
    assert block.reduce.weight.abs().max() == 0
    assert block.expand.bias is not None and block.mix.bias is not None
    assert block.expand.bias.abs().max() == block.mix.bias.abs().max() == 0


def test_coarsest_maps_have_at_least_128_channels():
    generator, wide = r3.Generator(64, 8, images(1, 28, 28, 10)), r3.Generator(64, 200, images(1, 28, 28, 10))
    assert generator.basis.linear.weight.shape == (128, 64)
    assert wide.basis.linear.weight.shape == (200, 64)
    latent = torch.randn(40, 64)
    generator = initialise(generator, "generator", seed=0)
    with torch.no_grad():
        maps = generator.narrowing(generator.basis(latent))
    assert int(torch.linalg.matrix_rank(maps.flatten(1))) == 40


@pytest.mark.parametrize("width", [1, 4, 24, 96])
def test_a_block_expands_to_twice_its_width_in_groups_of_16(width):
    block = r3.Block(width, blocks=2)
    assert block.mix.in_channels == max(16, math.ceil(width / 8) * 16)
    assert block.mix.in_channels // block.mix.groups == 16


def test_the_coarsest_maps_are_patterns_scaled_by_the_latent():
    basis = initialise(r3.Basis(5, 7, 3, 4), "basis", seed=0)
    latent = torch.randn(2, 5)
    expected = torch.einsum("bc,chw->bchw", latent @ basis.linear.weight.T, basis.patterns)
    torch.testing.assert_close(basis(latent), expected)


def test_the_head_is_a_depthwise_convolution_and_a_projection():
    head = initialise(r3.Head(6, 3, 4, 2), "head", seed=0)
    maps, label = torch.randn(5, 6, 3, 4), torch.tensor([0, 1, 1, 0, 1])
    features = torch.nn.functional.conv2d(maps, head.patterns.weight[:, None], groups=6).flatten(1)
    features = features @ head.linear.weight.T
    assert head.embedding is not None
    expected = (head.embedding.weight[label] * features).sum(1, keepdim=True) / math.sqrt(6)
    torch.testing.assert_close(head(maps, label), expected)


def test_logits_are_float32_under_autocast():
    discriminator = initialise(r3.Discriminator(8, images(1, 16, 16, 0)), "discriminator", seed=0)
    with torch.autocast("cpu", torch.bfloat16):
        assert discriminator(torch.randn(2, 1, 16, 16)).dtype == torch.float32


@pytest.mark.parametrize("height, width", [(28, 28), (37, 53), (100, 100)])
def test_the_discriminator_ends_at_the_generators_coarsest_size(height, width):
    discriminator = r3.Discriminator(4, images(1, height, width, 0))
    assert discriminator.head.patterns.weight.shape[1:] == coarse_size(height, width)
    assert discriminator(torch.randn(1, 1, height, width)).shape == (1, 1)
