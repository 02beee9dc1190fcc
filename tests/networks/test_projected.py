"""The discriminator that reads pictures by frozen features, against networks of torch's own layers."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganops.extractors.weights import EFFICIENTNET_LITE0, read_packaged_weights
from ganops.networks.efficientnet import LITE0, load, normalise
from ganops.networks.frozen import FrozenConvolution
from ganops.networks.layers import initialise
from ganops.networks.projected import Discriminator, Projection, reading_size

from ..parameters import images

SIZES = [(1, 28, 28), (3, 64, 64), (3, 100, 60), (4, 37, 53), (2, 12, 9)]


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    return read_packaged_weights(EFFICIENTNET_LITE0)


@pytest.fixture(scope="module")
def projection(weights: dict[str, Tensor]) -> Projection:
    return Projection(images(3, 64, 64), weights, seed=0)


def draw(count: int, *shape: int) -> Tensor:
    return 2 * torch.rand(count, *shape, generator=torch.Generator().manual_seed(0)) - 1


@pytest.mark.parametrize("kernel, stride, groups, padding", [
    (1, 1, 1, (0, 0)), (3, 1, 1, (1, 1)), (5, 1, 6, (2, 2)), (3, 2, 6, (0, 1)), (5, 2, 6, (1, 2)), (3, 2, 1, (0, 1)),
])  # fmt: skip
def test_the_gradient_of_a_frozen_convolution_is_autograds(
    kernel: int, stride: int, groups: int, padding: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(6, 12 if groups == 1 else 6, kernel, stride, groups=groups).double()
    ours, theirs = (torch.randn(2, 6, 8, 10).double().requires_grad_() for _ in range(2))
    theirs.data.copy_(ours.data)
    frozen = FrozenConvolution(layer, padding)
    assert not list(frozen.parameters())
    one, other = frozen(ours), layer(F.pad(theirs, (*padding, *padding)))
    torch.testing.assert_close(one, other)
    gradient = torch.randn_like(other)
    one.backward(gradient)
    other.backward(gradient)
    torch.testing.assert_close(ours.grad, theirs.grad)
    assert torch.autograd.gradgradcheck(lambda x: frozen(x).square(), ours[:1, :, :4, :4].detach().requires_grad_())


def test_the_stages_are_the_body_of_efficientnet_with_its_norms_folded_in(
    projection: Projection, weights: dict[str, Tensor]
) -> None:
    network, maps = load(LITE0, weights), draw(2, 3, 64, 64)
    expected, ours, sides = normalise((maps + 1) * 127.5), normalise((maps + 1) * 127.5), []
    with torch.no_grad():
        for layer in network.body[:18]:
            expected = layer(expected)
        for stage in projection.stages:
            ours = stage(ours)
            sides.append(ours.shape[2])
    assert sides == [16, 8, 4, 2]
    torch.testing.assert_close(ours, expected, rtol=1e-3, atol=1e-4)


def test_mixing_adds_each_coarser_map_upsampled(projection: Projection) -> None:
    """Written out for the two coarsest of the four maps."""
    torch.manual_seed(0)
    read = [torch.randn(1, 64, side, side) for side in (16, 8, 4, 2)]
    fine, coarse = projection._mix(read)[2:]
    first, second = projection.scale_mixing[2], projection.scale_mixing[3]
    assert isinstance(first, FrozenConvolution) and isinstance(second, FrozenConvolution)
    torch.testing.assert_close(coarse, F.conv2d(read[3], second.weight, second.bias, padding=1))
    wide = F.interpolate(coarse, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(fine, F.conv2d(read[2] + wide, first.weight, first.bias, padding=1))


def test_the_projection_depends_on_weights_and_seed_alone(projection: Projection, weights: dict[str, Tensor]) -> None:
    pictures = draw(2, 3, 64, 64)
    same, other = (Projection(images(3, 64, 64), weights, seed)(pictures) for seed in (0, 1))
    for ours, equal, different in zip(projection(pictures), same, other, strict=True):
        assert torch.equal(ours, equal) and not torch.equal(ours, different)


def test_nothing_of_the_projection_is_trained(projection: Projection) -> None:
    assert not list(projection.parameters())
    assert not any(buffer.requires_grad for buffer in projection.buffers())
    assert all(maps.grad_fn is None for maps in projection(draw(1, 3, 64, 64)))


@pytest.mark.parametrize("channels, height, width", SIZES)
@pytest.mark.parametrize("classes", [0, 3])
def test_every_head_gives_as_many_logits_for_any_size(
    weights: dict[str, Tensor], channels: int, height: int, width: int, classes: int
) -> None:
    spec = images(channels, height, width, classes)
    pictures = draw(2, channels, height, width).requires_grad_()
    maps = Projection(spec, weights, 0)(pictures)
    high, broad = reading_size(height, width)
    logits = initialise(Discriminator(4, spec), "discriminator", 0)(maps, torch.tensor([0, 1]) if classes else None)
    assert logits.shape == (2, 4 * (high // 32) * (broad // 32))
    logits.sum().backward()
    assert pictures.grad is not None and pictures.grad.abs().sum((0, 2, 3)).min() > 0


def test_pictures_are_read_at_the_nearest_multiples_of_32() -> None:
    sizes = {
        (28, 28): (64, 64),
        (32, 32): (64, 64),
        (64, 64): (64, 64),
        (100, 100): (96, 96),
        (40, 17): (160, 64),
        (128, 113): (128, 128),
    }
    assert {size: reading_size(*size) for size in sizes} == sizes


def test_grey_is_read_as_equal_colours_and_opacity_on_white(weights: dict[str, Tensor]) -> None:
    grey = draw(1, 1, 64, 64)
    opaque, transparent = (torch.full_like(grey, value) for value in (1.0, -1.0))
    read = {channels: Projection(images(channels, 64, 64), weights, 0) for channels in (1, 2, 3, 4)}
    expected = read[3](grey.expand(-1, 3, -1, -1))
    for same in (read[1](grey), read[2](torch.cat([grey, opaque], 1))):
        torch.testing.assert_close(same, expected)
    on_white = read[4](torch.cat([grey.expand(-1, 3, -1, -1), transparent], 1))
    torch.testing.assert_close(on_white, read[3](torch.ones(1, 3, 64, 64)))


def test_the_class_changes_the_logits_and_a_logit_depends_on_one_picture_alone(projection: Projection) -> None:
    discriminator = initialise(Discriminator(4, images(3, 64, 64, 2)), "discriminator", 0)
    maps = projection(draw(2, 3, 64, 64))
    zero, one = (discriminator(maps, torch.tensor([label, label])) for label in (0, 1))
    assert not torch.equal(zero, one)
    alone = discriminator([map_[:1] for map_ in maps], torch.tensor([0]))
    torch.testing.assert_close(alone, zero[:1], rtol=1e-4, atol=1e-5)
