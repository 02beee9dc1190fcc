"""The game of spectrograms: what its networks read, and what its samples are."""

import pytest
import torch

from ganops.errors import ConfigurationError
from ganops.games.build import build_game
from ganops.games.spectrogram_gan import SpectrogramGan
from ganops.networks.build import build_networks
from ganops.noise import Noise
from ganops.training.schedules import loss_weights

from ..parameters import images, points, resolve_settings, waves

SETTINGS = resolve_settings(
    "spectrogram_gan", waves(512, 3), window=32, hop=16, base_channels=4, batch=8, precision="fp32"
)
NOISE = Noise(0, 0, 8)
LABELS = torch.arange(8) % 3


def game() -> SpectrogramGan:
    built = build_game(SETTINGS)
    assert isinstance(built, SpectrogramGan)
    return built


def test_a_sample_is_a_wave_whose_spectrogram_is_near_the_generated_one() -> None:
    networks, inputs = build_networks(SETTINGS), {"latent": NOISE.normal("z", (100,)), "label": LABELS}
    generated, sample = game().generate(networks, inputs), game().sample(networks, inputs)
    assert generated.shape == (8, 1, 16, 32) and sample.shape == (8, 1, 512)
    assert torch.equal(sample, game().spectrogram.decode(generated, 32))
    wanted, found = (game().spectrogram.magnitudes(v) for v in (generated, game().spectrogram.encode(sample)))
    # A spectrogram of random networks is that of no wave: phases can only come near.
    assert (found - wanted).norm() < 0.7 * wanted.norm()


def test_the_discriminator_reads_spectrograms_of_real_waves() -> None:
    networks = {name: network.eval() for name, network in build_networks(SETTINGS).items()}
    wave = 2 * NOISE.uniform("wave", (1, 512)) - 1
    weights = loss_weights(SETTINGS, 0)
    logged = game().losses("discriminator", networks, {"wave": wave, "label": LABELS}, NOISE, weights, {}).logged
    expected = networks["discriminator"](game().spectrogram.encode(wave), LABELS)
    torch.testing.assert_close(logged["logit/real"], expected)


def test_r1_is_the_gradient_with_respect_to_the_spectrogram() -> None:
    networks = {name: network.eval() for name, network in build_networks(SETTINGS).items()}
    wave = 2 * NOISE.uniform("wave", (1, 512)) - 1
    seen = game().spectrogram.encode(wave).requires_grad_()
    (gradient,) = torch.autograd.grad(networks["discriminator"](seen, LABELS).sum(), seen)
    weights = loss_weights(SETTINGS, 0)
    terms = game().penalties("discriminator", networks, {"wave": wave, "label": LABELS}, NOISE, weights, {}).terms
    expected = weights["r1_gamma"] / 2 * gradient.square().flatten(1).sum(1)
    torch.testing.assert_close(terms["penalty/r1"].flatten(), expected)


def test_a_hop_beyond_half_a_window_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"training\.game\.hop: expected at most 16.*received 17"):
        resolve_settings("spectrogram_gan", waves(512), window=32, hop=17)


def test_recipes_are_for_their_field() -> None:
    for sample in (images(1, 8, 8), points(2)):
        with pytest.raises(ConfigurationError, match="a recipe for waves"):
            resolve_settings("spectrogram_gan", sample)
    with pytest.raises(ConfigurationError, match="expected one of spectrogram_gan, wavegan, since the data are waves"):
        resolve_settings("antialiased", waves(512))


def test_settings_of_pictures_have_no_sample_rate() -> None:
    assert SETTINGS.sample.model_dump()["sample_rate"] == 8000
    assert "sample_rate" not in resolve_settings("dcgan", images(1, 8, 8)).model_dump()["sample"]
