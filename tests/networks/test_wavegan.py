"""WaveGAN against the tables of the paper, its convolutions against sums, and phase shuffle against its definition."""

import math

import pytest
import torch
import torch.nn.functional as F

from ganops.errors import ConfigurationError
from ganops.networks import wavegan
from ganops.networks.layers import initialise
from ganops.noise import Noise

from ..parameters import resolve_settings, waves

PUBLISHED = waves(16_384)


def shapes_after(network, kind, *inputs):
    """Return (channels, length) after each module of a kind."""
    seen = []
    for module in network.modules():
        if isinstance(module, kind):
            module.register_forward_hook(lambda module, args, output: seen.append((output.shape[1], output.shape[-1])))
    network(*inputs)
    return seen


def test_the_generator_is_that_of_table_3():
    """16 × 16d after the linear map, then 64 × 8d, 256 × 4d, 1,024 × 2d, 4,096 × d and 16,384 × 1, with d = 64."""
    with torch.device("meta"):
        generator = wavegan.Generator(100, 64, PUBLISHED)
        shapes = shapes_after(generator, torch.nn.ConvTranspose2d, torch.empty(1, 100))
    assert generator.first.weight.shape == (256 * 64, 100) and generator.coarse == 16
    assert shapes == [(512, 64), (256, 256), (128, 1024), (64, 4096), (1, 16384)]
    convolutions = 25 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64) + 512 + 256 + 128 + 64 + 1
    assert sum(p.numel() for p in generator.parameters()) == 101 * 256 * 64 + convolutions


def test_the_discriminator_is_that_of_table_4():
    with torch.device("meta"):
        discriminator = wavegan.Discriminator(2, 64, PUBLISHED)
        shapes = shapes_after(discriminator, torch.nn.Conv2d, torch.empty(1, 1, 16_384))
    assert shapes == [(64, 4096), (128, 1024), (256, 256), (512, 64), (1024, 16)]
    assert discriminator.head.linear.weight.shape == (1, 256 * 64)


@pytest.mark.parametrize(
    ("samples", "levels", "coarse"),
    [
        (64, 1, 16),
        (255, 1, 64),
        (256, 2, 16),
        (4096, 4, 16),
        (5120, 4, 20),
        (16_383, 4, 64),
        (16_384, 5, 16),
        (96_000, 6, 24),
        (192_000, 6, 47),
        (4000, 3, 63),
    ],
)
def test_any_length_has_a_coarsest_map_of_16_to_64_samples(samples, levels, coarse):
    assert (wavegan.num_levels(samples), wavegan.coarse_length(samples)) == (levels, coarse)
    latents = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    generated = wavegan.Generator(5, 1, waves(samples))(latents)
    assert generated.shape == (2, 1, samples) and generated.abs().max() <= 1
    assert wavegan.Discriminator(2, 1, waves(samples))(generated, None, Noise(0, 0, 2)).shape == (2, 1)


def test_clips_without_a_level_are_refused():
    with pytest.raises(ConfigurationError, match=r"fewer than 64 samples.*clips of 63 samples"):
        resolve_settings("wavegan", waves(63))
    assert resolve_settings("wavegan", waves(64)).networks.family == "wavegan"


def test_a_transposed_convolution_is_the_adjoint_of_a_convolution():
    """⟨down(x), y⟩ = ⟨x, up(y)⟩ where both have the same weights and no biases; lengths are divided by 4."""
    down, up = wavegan._build_down(2, 3).double(), wavegan._build_up(3, 2).double()
    up.weight, up.bias, down.bias = down.weight, None, None
    x, y = torch.randn(1, 2, 1, 64).double(), torch.randn(1, 3, 1, 16).double()
    torch.testing.assert_close((down(x) * y).sum(), (x * up(y)).sum())


def test_an_output_is_the_sum_of_25_inputs_at_stride_4():
    down = wavegan._build_down(1, 1)
    assert down.bias is not None
    x, taps = torch.randn(40), down.weight[0, 0, 0]
    for at in (0, 3, 9):
        inside = [(tap, 4 * at + tap - 11) for tap in range(25) if 0 <= 4 * at + tap - 11 < 40]
        expected = sum(taps[tap] * x[place] for tap, place in inside) + down.bias[0]
        torch.testing.assert_close(down(x[None, None, None])[0, 0, 0, at], expected)


@pytest.mark.parametrize("largest", [1, 2, 5])
def test_phases_are_shifted_by_at_most_n_and_filled_by_reflection(largest):
    """The closed form: a window of the map padded by reflection."""
    maps, noise = torch.randn(40, 3, 1, 12), Noise(7, 5, 40)
    shuffled = wavegan.shuffle_phases(maps, noise, "phase/1", largest)
    shifts = noise.integers("phase/1", 2 * largest + 1) - largest
    assert set(shifts.tolist()) == set(range(-largest, largest + 1)), "each occurs"
    padded = F.pad(maps[:, :, 0], (largest, largest), mode="reflect")
    for row, shift in enumerate(shifts.tolist()):
        start = largest - shift
        assert torch.equal(shuffled[row, :, 0], padded[row, :, start : start + 12])


def test_shifts_have_the_address_of_the_sample_and_n_0_shifts_nothing():
    maps = torch.randn(8, 3, 1, 12)
    whole = wavegan.shuffle_phases(maps, Noise(7, 0, 8), "phase/1", 2)
    assert torch.equal(whole[4:], wavegan.shuffle_phases(maps[4:], Noise(7, 4, 4), "phase/1", 2))
    assert not torch.equal(whole, wavegan.shuffle_phases(maps, Noise(7, 0, 8), "phase/2", 2))
    assert torch.equal(maps, wavegan.shuffle_phases(maps, Noise(7, 0, 8), "phase/1", 0))


def test_the_gradient_of_a_shuffle_and_its_derivative_are_exact():
    maps = torch.randn(3, 2, 1, 7, dtype=torch.float64, requires_grad=True)

    def squared(values):
        return wavegan.shuffle_phases(values, Noise(7, 0, 3), "phase/1", 2).square()

    assert torch.autograd.gradcheck(squared, maps) and torch.autograd.gradgradcheck(squared, maps)


def test_the_discriminator_shuffles_before_every_layer_but_the_first_where_it_has_noise(monkeypatch):
    discriminator = initialise(wavegan.Discriminator(2, 4, waves(1024)), "discriminator", seed=0)
    clips, drawn, shuffle = torch.randn(4, 1, 1024), [], wavegan.shuffle_phases
    monkeypatch.setattr(
        wavegan,
        "shuffle_phases",
        lambda maps, noise, stream, n: drawn.append(stream) or shuffle(maps, noise, stream, n),
    )
    shuffled, plain = discriminator(clips, None, Noise(0, 0, 4)), discriminator(clips)
    assert drawn == ["phase/1", "phase/2"] and not torch.equal(shuffled, plain)


def test_zeros_at_the_end_of_a_clip_are_those_that_a_shorter_clip_is_padded_with():
    longer = initialise(wavegan.Discriminator(2, 4, waves(288)), "discriminator", seed=0)
    shorter = initialise(wavegan.Discriminator(2, 4, waves(280)), "discriminator", seed=0)
    clips = torch.randn(2, 1, 280)
    torch.testing.assert_close(shorter(clips), longer(F.pad(clips, (0, 8))))


def test_the_class_changes_the_wave_and_the_logit():
    generator = initialise(wavegan.Generator(6, 4, waves(256, 2)), "generator", seed=0)
    discriminator = initialise(wavegan.Discriminator(2, 4, waves(256, 2)), "discriminator", seed=0)
    latent, clips, zero, one = torch.randn(2, 6), torch.randn(2, 1, 256), torch.tensor([0, 0]), torch.tensor([1, 1])
    assert not torch.equal(generator(latent, zero), generator(latent, one))
    assert not torch.equal(discriminator(clips, zero), discriminator(clips, one))


def test_initial_weights_have_glorots_deviation():
    generator = initialise(wavegan.Generator(100, 64, waves(4096)), "generator", seed=0)
    weight = generator.ups[0].get_parameter("weight")
    assert weight.shape == (512, 256, 1, 25)
    assert float(weight.detach().std()) == pytest.approx(math.sqrt(2 / (25 * (512 + 256))), rel=0.01)
