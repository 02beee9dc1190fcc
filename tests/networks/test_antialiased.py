"""No checks: power near the Nyquist frequency, in pictures and in gradients, against strided ones."""

import pytest
import torch
from torch import nn

from ganops.metrics.spectrum import nyquist_decibels, nyquist_power
from ganops.networks import antialiased, dcgan
from ganops.networks.layers import initialise

from ..parameters import images

SIZES = [(1, 28, 28), (3, 64, 64)]


def as_levels(values):
    """Scale to a standard deviation of 32 levels about the middle, as pictures have."""
    return (128 + 32 * values / values.std()).clamp(0, 255).round().to(torch.uint8).numpy()


def excess(smooth, rough):
    """Return by how many decibels the first has less power near the Nyquist frequency than the second."""
    return nyquist_decibels(nyquist_power(as_levels(rough)), nyquist_power(as_levels(smooth)))


@pytest.mark.parametrize("channels, height, width", SIZES)
def test_an_untrained_generator_has_less_power_near_nyquist_than_one_of_transposed_convolutions(
    channels, height, width
):
    spec, latent = images(channels, height, width), torch.randn(32, 16, generator=torch.Generator().manual_seed(0))
    smooth, rough = (
        initialise(family.Generator(16, 8, spec), "generator", seed=0)(latent).detach()
        for family in (antialiased, dcgan)
    )
    assert excess(smooth, rough) > 6


@pytest.mark.parametrize("channels, height, width", SIZES)
def test_the_gradient_of_a_discriminator_has_less_power_near_nyquist_than_that_of_strided_convolutions(
    channels, height, width
):
    spec = images(channels, height, width)
    coarse = torch.randn(32, channels, 8, 8, generator=torch.Generator().manual_seed(0))
    pictures = nn.functional.interpolate(coarse, (height, width), mode="bicubic")

    def gradient(family):
        discriminator = initialise(family.Discriminator(8, spec), "discriminator", seed=0)
        return torch.autograd.grad(discriminator(leaf := pictures.clone().requires_grad_(), None).sum(), leaf)[0]

    assert excess(gradient(antialiased), gradient(dcgan)) > 3


def test_the_latent_changes_every_normalisation_of_the_generator():
    generator = initialise(antialiased.Generator(6, 4, images(1, 16, 16, 2)), "generator", seed=0)
    seen = []
    for layer in generator.normalisations:
        assert isinstance(layer.of_class, nn.Module)
        layer.of_class.register_forward_hook(lambda module, inputs, output: seen.append(output))
    generator(torch.randn(2, 6), torch.tensor([1, 1]))
    assert len(seen) == len(generator.normalisations) == 3
    assert all(not torch.equal(values[0], values[1]) for values in seen)
