import pytest
import torch

from ganops.networks import autoencoder, vanilla
from ganops.networks.dropout import dropout
from ganops.networks.layers import ConditionalBatchNorm1d, initialise
from ganops.noise import Noise

from ..parameters import images


def sizes(layers):
    return [layers.maps[0].in_features, *(linear.out_features for linear in layers.maps)]


def test_layer_sizes_are_as_documented():
    generator = vanilla.Generator(100, 64, images(1, 28, 28, 0))
    assert sizes(generator.hidden) == [100, 128, 128, 100]
    assert (generator.last.linear.in_features, generator.last.linear.out_features) == (100, 784)
    discriminator = vanilla.Discriminator(64, images(1, 28, 28, 0))
    assert [(down.out_channels, down.kernel_size, down.stride) for down in discriminator.downs] == [
        (64, (3, 3), (2, 2)),
        (128, (3, 3), (2, 2)),
    ]


def test_pixels_are_a_sigmoid_scaled_to_minus_1_1():
    layer = vanilla.PictureLayer(3, images(1, 2, 2))
    values = torch.randn(5, 3)
    torch.testing.assert_close(layer(values).flatten(1), torch.sigmoid(layer.linear(values)) * 2 - 1)


def test_the_encoder_ends_in_a_small_code():
    """Whatever the number of latents, codes span a space of w / 4 dimensions."""
    generator = initialise(autoencoder.Generator(20, 16, images(1, 8, 8, 0)), "generator", seed=0)
    codes = generator.bottleneck(generator.encoder(torch.randn(64, 20), None))
    assert codes.shape == (64, 4)
    assert sizes(autoencoder.Generator(100, 64, images(1, 28, 28, 0)).encoder) == [100, 64, 32]
    assert sizes(autoencoder.Generator(100, 64, images(1, 28, 28, 0)).decoder) == [16, 64, 128]


def test_values_are_dropped_only_where_noise_is_passed():
    discriminator = initialise(vanilla.Discriminator(4, images(1, 8, 8, 0)), "discriminator", seed=0)
    pictures = torch.randn(3, 1, 8, 8)

    def discriminate(*stream):
        return discriminator(pictures, None, *(Noise(0, 0, 3).substream(name) for name in stream))

    assert torch.equal(discriminate(), discriminate())
    assert torch.equal(discriminate("real"), discriminate("real"))
    assert not torch.equal(discriminate("real"), discriminate("fake"))
    assert not torch.equal(discriminate("real"), discriminate())


def test_dropout_keeps_the_mean_of_a_layer():
    values = torch.ones(2000, 8)
    dropped = dropout(values, Noise(0, 0, 2000), "level/0", vanilla._DROPPED)
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.02)


def test_conditional_batch_norm_of_vectors_is_torchs():
    layer = ConditionalBatchNorm1d(3, 2)
    assert layer.of_class is not None
    vectors, embedded = torch.randn(6, 3), torch.randn(6, 2)
    more_gain, more_bias = layer.of_class(embedded).chunk(2, dim=1)
    normal = torch.nn.functional.batch_norm(vectors, None, None, training=True)
    torch.testing.assert_close(layer(vectors, embedded), normal * (1 + more_gain) + more_bias)
