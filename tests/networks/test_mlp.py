import pytest
import torch

from ganops.networks import mlp
from ganops.networks.layers import initialise

from ..parameters import points


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("dimension", [1, 2, 7])
def test_vectors_of_any_dimension_are_generated_and_discriminated(classes, dimension):
    label = torch.tensor([0, 2, 1, 1, 0]) if classes else None
    vectors = mlp.Generator(6, 8, points(dimension, classes))(torch.randn(5, 6), label)
    assert (vectors.shape, vectors.dtype) == ((5, dimension), torch.float32)
    assert mlp.Discriminator(8, points(dimension, classes))(vectors, label).shape == (5, 1)


def test_every_layer_initially_keeps_the_variance():
    """E[y²] after a layer and its nonlinearity is E[x²] before it (He et al. 2015, section 2.2)."""
    network = initialise(mlp.Discriminator(2048, points(64, 0)), "discriminator", seed=0)
    values = torch.randn(256, 64)
    size = values.square().mean()
    for module in network.hidden:
        values = module(values)
        if isinstance(module, torch.nn.LeakyReLU):
            torch.testing.assert_close(values.square().mean(), size, rtol=0.1, atol=0.0)


def test_initial_points_have_the_latents_variance():
    samples = initialise(mlp.Generator(64, 1024, points(1024, 0)), "generator", seed=0)(torch.randn(512, 64))
    torch.testing.assert_close(samples.square().mean(), torch.tensor(1.0), rtol=0.15, atol=0.0)


def test_the_class_changes_the_vector_and_the_logit():
    generator = initialise(mlp.Generator(6, 8, points(2, 2)), "generator", seed=0)
    discriminator = initialise(mlp.Discriminator(8, points(2, 2)), "discriminator", seed=0)
    latent, vectors, zero, one = torch.randn(2, 6), torch.randn(2, 2), torch.tensor([0, 0]), torch.tensor([1, 1])
    assert not torch.equal(generator(latent, zero), generator(latent, one))
    assert not torch.equal(discriminator(vectors, zero), discriminator(vectors, one))
