"""The game of spectrograms: what its networks read, and what its samples are."""

import math

import pytest
import torch

from ganops.config import SpectrogramGanSettings
from ganops.errors import ConfigurationError
from ganops.games.build import build_game
from ganops.games.recipes import RECIPES
from ganops.games.spectrogram_gan import SpectrogramGan
from ganops.networks.build import build_networks
from ganops.noise import Noise
from ganops.sampling import Sampler
from ganops.spectrogram import Spectrogram
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


def test_the_probe_reads_spectrograms_and_searches_no_phases(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = {name: network.eval() for name, network in build_networks(SETTINGS).items()}
    sampler = Sampler(game(), networks, (), torch.device("cpu"), 1)
    inputs = {"latent": NOISE.normal("z", (100,)), "label": LABELS}
    wave = 2 * NOISE.uniform("wave", (1, 512)) - 1
    assert torch.equal(game().represent(wave), game().spectrogram.encode(wave))
    monkeypatch.setattr(Spectrogram, "decode", lambda *_: pytest.fail("the phases of a spectrogram are searched"))
    seen = sampler.sample_represented(inputs)
    torch.testing.assert_close(seen, game().generate(networks, inputs))


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


@pytest.mark.parametrize("seconds", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_clips_of_half_a_second_to_four_at_any_rate_are_generated(rate: int, seconds: float) -> None:
    """With the window that follows from the rate; a spectrogram has about half as many values as its clip."""
    samples = 256 * math.ceil(seconds * rate / 256)
    settings = resolve_settings("spectrogram_gan", waves(samples, sample_rate=rate), base_channels=1)
    built, networks = build_game(settings), build_networks(settings)
    assert isinstance(built, SpectrogramGan)
    generated = built.generate(networks, {"latent": Noise(0, 0, 2).normal("z", (100,))})
    _, bins, frames = settings.network_sample.shape
    assert generated.shape == (2, 1, bins, frames) and frames >= 24 and bins in (128, 256, 512)
    assert samples <= bins * frames <= samples + bins
    assert networks["discriminator"](generated).shape == (2, 1)
    assert built.spectrogram.decode(generated, 1).shape == (2, 1, samples)


def test_window_and_hop_follow_from_the_rate_unless_they_are_set() -> None:
    def sizes(rate: int, **values: int) -> tuple[int, int]:
        game = resolve_settings("spectrogram_gan", waves(8192, sample_rate=rate), **values).game
        assert isinstance(game, SpectrogramGanSettings)
        return game.window, game.hop

    of_recipe = RECIPES["spectrogram_gan"].game
    assert isinstance(of_recipe, SpectrogramGanSettings)
    assert sizes(8000) == (of_recipe.window, of_recipe.hop) == (256, 128)
    assert sizes(48000) == (1024, 512)
    assert sizes(48000, hop=256) == (1024, 256)
    assert sizes(48000, window=512) == (512, 256)


def test_spectrograms_too_small_for_the_networks_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"received 512 bins and 3 frames, of 1536 samples"):
        resolve_settings("spectrogram_gan", waves(1536, sample_rate=48000))
    with pytest.raises(ConfigurationError, match=r"at least 4 bins and 4 frames, received 3 bins"):
        resolve_settings("spectrogram_gan", waves(1536), window=6, hop=3)
    for samples, sizes in ((2048, {}), (1536, {"hop": 384})):
        settings = resolve_settings("spectrogram_gan", waves(samples, sample_rate=48000), base_channels=1, **sizes)
        generated = build_networks(settings)["generator"](Noise(0, 0, 2).normal("z", (100,)))
        assert generated.shape == (2, 1, 512, 4)
        assert build_networks(settings)["discriminator"](generated).shape == (2, 1)


def test_a_hop_beyond_half_a_window_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"training\.game\.hop: expected at most 16.*received 17"):
        resolve_settings("spectrogram_gan", waves(512), window=32, hop=17)


def test_recipes_are_for_their_field() -> None:
    for sample in (images(1, 8, 8), points(2)):
        with pytest.raises(ConfigurationError, match="a recipe for clips"):
            resolve_settings("spectrogram_gan", sample)
    with pytest.raises(ConfigurationError, match="expected one of spectrogram_gan, wavegan, since the data are clips"):
        resolve_settings("antialiased", waves(512))


def test_settings_of_pictures_have_no_sample_rate() -> None:
    assert SETTINGS.sample.model_dump()["sample_rate"] == 8000
    assert "sample_rate" not in resolve_settings("dcgan", images(1, 8, 8)).model_dump()["sample"]
