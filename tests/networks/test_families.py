import pytest
import torch
from torch import nn

from ganops.networks import antialiased, autoencoder, dcgan, fastgan, r3, resnet, vae, vanilla
from ganops.networks.layers import ConditionalBatchNorm, initialise, num_downsamples

from ..parameters import images

SIZES = [(1, 28, 28), (3, 32, 32), (3, 100, 100), (4, 37, 53), (2, 17, 40)]
FAMILIES = [antialiased, dcgan, vanilla, r3, resnet]


@pytest.mark.parametrize("channels, height, width", SIZES)
@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("generator", [antialiased, dcgan, vanilla, autoencoder, r3, resnet, fastgan])
def test_a_generator_makes_pictures_of_any_size(generator, channels, height, width, classes):
    label = torch.tensor([0, 1]) if classes else None
    pictures = generator.Generator(6, 4, images(channels, height, width, classes))(torch.randn(2, 6), label)
    assert pictures.shape == (2, channels, height, width)
    assert pictures.dtype == torch.float32


@pytest.mark.parametrize("channels, height, width", SIZES)
@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_discriminator_gives_one_logit_for_any_size(family, channels, height, width, classes):
    label = torch.tensor([0, 1]) if classes else None
    pictures = torch.randn(2, channels, height, width)
    assert family.Discriminator(4, images(channels, height, width, classes))(pictures, label).shape == (2, 1)


@pytest.mark.parametrize("channels, height, width", SIZES)
def test_an_encoder_gives_a_mean_and_a_variance_of_any_size(channels, height, width):
    pictures = torch.randn(2, channels, height, width)
    mean, log_variance = vae.Encoder(6, 4, images(channels, height, width, 3))(pictures, torch.tensor([0, 1]))
    assert mean.shape == log_variance.shape == (2, 6)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_class_changes_the_picture_and_the_logit(family):
    latent, pictures = torch.randn(2, 6), torch.randn(2, 1, 16, 16)
    generator = initialise(family.Generator(6, 4, images(1, 16, 16, 2)), "generator", seed=0).eval()
    discriminator = initialise(family.Discriminator(4, images(1, 16, 16, 2)), "discriminator", seed=0)
    for parameter in generator.parameters():  # a residual that begins at zero hides the class
        if not parameter.any():
            nn.init.constant_(parameter, 0.1)
    zero, one = torch.tensor([0, 0]), torch.tensor([1, 1])
    assert not torch.equal(generator(latent, zero), generator(latent, one))
    assert not torch.equal(discriminator(pictures, zero), discriminator(pictures, one))


def test_the_number_of_levels_is_the_papers():
    assert [num_downsamples(size, size) for size in (28, 32, 64, 100)] == [2, 3, 4, 4]


def test_the_projection_adds_the_product_of_class_and_features():
    head = dcgan.Discriminator(4, images(1, 16, 16, 2)).head
    assert head.embedding is not None
    features = torch.randn(1, head.linear.in_features)
    logits = [head(features, torch.tensor([label])) for label in (0, 1)]
    expected = (head.embedding.weight[1] - head.embedding.weight[0]) @ features[0]
    torch.testing.assert_close((logits[1] - logits[0]).squeeze(), expected)


def test_initial_weights_depend_only_on_their_address():
    one = initialise(dcgan.Discriminator(4, images(1, 16, 16, 2)), "discriminator", seed=1)
    torch.manual_seed(7)
    two = initialise(dcgan.Discriminator(4, images(1, 16, 16, 2)), "discriminator", seed=1)
    other = initialise(dcgan.Discriminator(4, images(1, 16, 16, 2)), "discriminator", seed=2)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert not torch.equal(next(one.parameters()), next(other.parameters()))


def test_initial_weights_follow_radford():
    network = initialise(nn.Sequential(nn.Linear(400, 300), nn.BatchNorm1d(1000)), "network", seed=0)
    weights = dict(network.named_parameters())
    assert weights["0.weight"].std().item() == pytest.approx(0.02, rel=0.02)
    assert weights["0.bias"].abs().max() == 0
    assert weights["1.weight"].mean().item() == pytest.approx(1, abs=0.005)


def test_without_classes_normalisation_is_plain_batch_norm():
    ours, theirs = ConditionalBatchNorm(3, 0), nn.BatchNorm2d(3)
    with torch.no_grad():
        theirs.weight.copy_(ours.normalise.weight.normal_())
        theirs.bias.copy_(ours.normalise.bias.normal_())
    maps = torch.randn(4, 3, 5, 5)
    torch.testing.assert_close(ours(maps, None), theirs(maps))
    torch.testing.assert_close(ours.eval()(maps, None), theirs.eval()(maps))


def test_gain_and_bias_are_linear_in_the_class_embedding():
    layer = ConditionalBatchNorm(3, 2)
    assert layer.of_class is not None
    maps, embedded = torch.randn(4, 3, 5, 5), torch.randn(4, 2)
    more_gain, more_bias = layer.of_class(embedded).chunk(2, dim=1)
    normal = nn.functional.batch_norm(maps, None, None, training=True)
    expected = normal * (1 + more_gain)[:, :, None, None] + more_bias[:, :, None, None]
    torch.testing.assert_close(layer(maps, embedded), expected)
