import math

import pytest
import torch
import torch.nn.functional as F

from ganops.networks import resnet
from ganops.networks.layers import initialise

from ..parameters import images

SIZES = [(8, 8), (7, 5), (2, 9)]


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def maps(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def ready(module):
    """In float64, with weights that are all far from zero."""
    module = initialise(module, "module", seed=0, deviation=0.3).double()
    with torch.no_grad():
        for name, bias in module.named_parameters():
            if name.endswith("bias"):
                bias.copy_(torch.linspace(-1, 1, bias.numel()))
    return module


def inputs(block):
    return block.up.in_channels


def outputs(block):
    return block.mix.out_channels


def doubled(values):
    return values.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


def test_cifar_10_parameter_counts_are_those_published():
    """Compare with a count by hand: a 3×3 convolution from a to b channels has 9ab weights.

    Biases that change nothing are left out: 9 · 256 in the generator's blocks, 2 · 128 in the discriminator's
    shortcuts. With them there are 4,276,739 and 1,053,825.
    """
    with torch.device("meta"):
        generator = resnet.Generator(128, 128, images(3, 32, 32, 0))
        discriminator = resnet.Discriminator(128, images(3, 32, 32, 0))
    up = 2 * 9 * 256 * 256 + 256 * 256 + 2 * (256 + 256)
    assert parameters(generator) == (128 + 1) * 4096 + 3 * up + (256 + 256) + (9 * 256 * 3 + 3) == 4_276_739 - 9 * 256
    mix = 9 * 128 * 128 + 128
    first, second = (9 * 3 * 128 + 128) + mix + 3 * 128, 2 * mix + 128 * 128
    assert parameters(discriminator) == first + second + 2 * 2 * mix + (128 + 1) == 1_053_825 - 2 * 128


@pytest.mark.parametrize(
    "height, width, discriminator, generator",
    [
        (4, 4, [8, 8], [16] * 2),
        (28, 28, [8, 8], [16] * 3),
        (32, 32, [8, 8], [16] * 4),
        (64, 80, [4, 8, 8], [16] * 4 + [8]),
        (128, 128, [2, 4, 8, 8], [16] * 4 + [8, 4]),
    ],
)
def test_the_width_is_halved_at_each_doubling_beyond_32_pixels(height, width, discriminator, generator):
    downs, ups = (
        resnet.Discriminator(8, images(3, height, width, 0)).downs,
        resnet.Generator(5, 8, images(3, height, width, 0)).ups,
    )
    assert [outputs(down) for down in downs] == discriminator
    assert [inputs(ups[0]), *(outputs(up) for up in ups)] == generator


@pytest.mark.parametrize(
    "height, width, coarse",
    [(32, 32, (8, 8)), (28, 28, (7, 7)), (64, 64, (8, 8)), (100, 100, (12, 12)), (17, 40, (4, 10)), (4, 4, (1, 1))],
)
def test_the_discriminator_downsamples_to_below_16_pixels(height, width, coarse):
    discriminator, seen = resnet.Discriminator(4, images(1, height, width, 0)), []
    discriminator.plain.register_forward_pre_hook(lambda _, read: seen.append(tuple(read[0].shape[2:])))
    assert discriminator(torch.randn(2, 1, height, width)).shape == (2, 1)
    assert seen == [coarse]


@pytest.mark.parametrize("size", SIZES)
def test_fused_convolutions_equal_convolution_and_resampling(size):
    up, down = ready(resnet.UpConvolution(3, 4)), ready(resnet.DownConvolution(3, 4))
    pictures = maps(2, 3, *size)
    torch.testing.assert_close(up(pictures), F.conv2d(doubled(pictures), up.weight, up.bias, padding=1))
    expected = F.avg_pool2d(F.conv2d(pictures, down.weight, down.bias, padding=1), 2)
    torch.testing.assert_close(down(pictures), expected)


@pytest.mark.parametrize("layer", [resnet.UpConvolution, resnet.DownConvolution])
def test_their_gradients_are_right_to_the_second_order(layer):
    fused, pictures = ready(layer(2, 3)), maps(1, 2, 4, 5).requires_grad_()

    def called(pictures, weight):
        return torch.func.functional_call(fused, {"weight": weight}, (pictures,))

    assert torch.autograd.gradcheck(called, (pictures, fused.weight))
    assert torch.autograd.gradgradcheck(lambda *values: called(*values).square(), (pictures, fused.weight))


@pytest.mark.parametrize("embedding_dimension", [0, 3])
def test_a_block_of_the_generator_is_the_papers(embedding_dimension):
    block = ready(resnet.UpBlock(3, 4, embedding_dimension))
    pictures = maps(2, 3, 5, 4)
    embedded = maps(2, embedding_dimension) if embedding_dimension else None
    inside = doubled(torch.relu(block.normalise_inputs(pictures, embedded)))
    inside = torch.relu(block.normalise(F.conv2d(inside, block.up.weight, padding=1), embedded))
    torch.testing.assert_close(block(pictures, embedded), block.mix(inside) + block.shortcut(doubled(pictures)))


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_a_downsampling_block_is_the_papers(first, size):
    block = ready(resnet.DownBlock(3, 4, first))
    pictures = maps(2, 3, *size)
    inside = torch.relu(block.mix(pictures if first else torch.relu(pictures)))
    inside = F.conv2d(inside, block.down.weight, block.down.bias, padding=1)
    torch.testing.assert_close(block(pictures), F.avg_pool2d(inside + block.shortcut(pictures), 2))


def test_only_the_first_block_omits_the_first_relu():
    discriminator = resnet.Discriminator(4, images(3, 64, 64, 0))
    assert [down.first for down in discriminator.downs] == [True, False, False]
    assert [down.first for down in resnet.Discriminator(4, images(4, 64, 64, 0)).downs] == [True, False, False]


def test_a_plain_block_adds_a_residual_without_changing_its_input():
    block, pictures = ready(resnet.PlainBlock(3)), maps(2, 3, 4, 4)
    before = pictures.clone()
    expected = pictures + block.mix_again(torch.relu(block.mix(torch.relu(pictures))))
    torch.testing.assert_close(block(pictures), expected)
    assert torch.equal(pictures, before)


def test_the_logit_is_linear_in_the_pixel_sum_plus_a_projection():
    discriminator = ready(resnet.Discriminator(4, images(1, 16, 16, 3)))
    pictures, label = maps(2, 1, 16, 16), torch.tensor([2, 0])
    trunk = discriminator.plain(discriminator.downs[1](discriminator.downs[0](pictures)))
    features, head = torch.relu(trunk).sum((2, 3)), discriminator.head
    assert head.embedding is not None
    expected = head.linear(features) + (head.embedding.weight[label] * features).sum(1, keepdim=True)
    torch.testing.assert_close(discriminator(pictures, label), expected)


def test_outputs_under_autocast_are_float32_and_close():
    generator = initialise(resnet.Generator(5, 16, images(3, 32, 32, 0)), "generator", seed=0)
    discriminator = initialise(resnet.Discriminator(16, images(3, 32, 32, 0)), "discriminator", seed=0)
    latent = torch.randn(8, 5)
    exact = generator(latent), discriminator(torch.ones(2, 3, 32, 32))
    with torch.autocast("cpu", torch.bfloat16):
        rounded = generator(latent), discriminator(torch.ones(2, 3, 32, 32))
    for ours, theirs in zip(rounded, exact, strict=True):
        assert ours.dtype == torch.float32
        torch.testing.assert_close(ours, theirs, rtol=0.05, atol=0.1)


def test_the_memory_format_changes_no_value():
    generator = initialise(resnet.Generator(5, 4, images(3, 28, 20, 2)), "generator", seed=0).double()
    discriminator = initialise(resnet.Discriminator(4, images(3, 28, 20, 2)), "discriminator", seed=0).double()
    latent, label = maps(4, 5), torch.tensor([0, 1, 1, 0])
    pictures = torch.tanh(maps(4, 3, 28, 20))
    one = generator(latent, label), discriminator(pictures, label)
    for network in (generator, discriminator):
        network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    two = generator(latent, label), discriminator(pictures.to(memory_format=torch.channels_last), label)
    for ours, theirs in zip(two, one, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_initial_weights_have_glorots_variance():
    generator = initialise(resnet.Generator(64, 32, images(3, 64, 64, 0)), "generator", seed=0)
    discriminator = initialise(resnet.Discriminator(64, images(3, 32, 32, 10)), "discriminator", seed=0)
    last_up, first_down = generator.ups[-1], discriminator.downs[0]
    for layer, variance in [
        (generator.first, 2 / (64 + 64 * 16)),
        (last_up.up, 4 / (9 * (64 + 32))),
        (last_up.mix, 4 / (9 * (32 + 32))),
        (last_up.shortcut, 2 / (64 + 32)),
        (generator.last, 2 / (9 * (32 + 3))),
        (first_down.mix, 4 / (9 * (3 + 64))),
        (first_down.down, 4 / (9 * (64 + 64))),
        (discriminator.plain[1].mix_again, 4 / (9 * (64 + 64))),
        (discriminator.head.embedding, 2 / (10 + 64)),
    ]:
        sampled = 5 / math.sqrt(2 * layer.weight.numel())
        assert layer.weight.std().item() == pytest.approx(math.sqrt(variance), rel=sampled)


def test_redundant_biases_are_left_out():
    """Each parameter has a gradient that is more than rounding."""
    generator, discriminator = (
        ready(resnet.Generator(5, 4, images(3, 16, 16, 2))),
        ready(resnet.Discriminator(4, images(3, 16, 16, 2))),
    )
    label = torch.tensor([0, 1, 1, 0])
    logit = discriminator(generator(maps(4, 5), label).double(), label)
    (logit.square().mean() / logit.detach().square().mean()).backward()
    for network in (generator, discriminator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None and parameter.grad.abs().max() > 1e-9, name
