"""The game of waves: what its networks read, and the recipe against the paper."""

import pytest
import torch

from ganops.config import WaveGanSettings
from ganops.errors import ConfigurationError
from ganops.games.build import build_game
from ganops.games.recipes import RECIPES
from ganops.games.wavegan import WaveGan
from ganops.networks.build import build_networks
from ganops.noise import Noise
from ganops.objectives.penalties import interpolate_samples
from ganops.training.schedules import loss_weights

from ..parameters import images, resolve_settings, waves

SETTINGS = resolve_settings("wavegan", waves(512, 3), base_channels=4, batch=8, precision="fp32")
NOISE = Noise(0, 0, 8)
BATCH = {"wave": 2 * NOISE.uniform("wave", (1, 512)) - 1, "label": torch.arange(8) % 3}


def test_the_recipe_has_the_constants_of_the_paper():
    """Donahue et al. 2019, table 2."""
    recipe = RECIPES["wavegan"]
    assert isinstance(recipe.game, WaveGanSettings)
    game, optimizer = recipe.game, recipe.optimizer
    assert (game.objective, game.gradient_penalty, game.discriminator_steps) == ("wasserstein", 10.0, 5)
    assert (game.latent_dimension, game.phase_shuffle, recipe.batch) == (100, 2, 64)
    assert (optimizer.learning_rate.end, optimizer.beta1, optimizer.beta2.end) == (1e-4, 0.5, 0.9)
    assert game.penalty_interval == 1 and not game.r1_gamma and not game.spectral_norm


def test_samples_are_what_the_generator_makes():
    game, networks = build_game(SETTINGS), build_networks(SETTINGS)
    inputs = {"latent": NOISE.normal("z", (100,)), "label": BATCH["label"]}
    sample = game.sample(networks, inputs)
    assert isinstance(game, WaveGan) and sample.shape == (8, 1, 512)
    assert torch.equal(sample, networks["generator"](inputs["latent"], inputs["label"]))


def test_the_discriminator_reads_waves_with_shuffled_phases_and_the_penalty_is_that_of_its_gradient():
    networks, game = build_networks(SETTINGS), build_game(SETTINGS)
    losses = game.losses("discriminator", networks, BATCH, NOISE, loss_weights(SETTINGS, 0), {})
    critic, wave = networks["discriminator"], BATCH["wave"]
    real = critic(wave, BATCH["label"], NOISE.substream("dropout/real/discriminator"))
    torch.testing.assert_close(losses.logged["logit/real"], real)
    latent = NOISE.normal("latent/discriminator", (100,))
    fake = networks["generator"](latent, BATCH["label"]).detach()
    mixed = interpolate_samples(wave, fake, NOISE.uniform("interpolates")).requires_grad_()
    logits = critic(mixed, BATCH["label"], NOISE.substream("dropout/interpolates"))
    (gradient,) = torch.autograd.grad(logits.sum(), mixed)
    expected = 10 * (gradient.flatten(1).norm(dim=1) - 1).square()
    torch.testing.assert_close(losses.terms["penalty/gradient"], expected)


def test_phase_shuffle_may_be_set_and_is_no_key_of_other_recipes():
    assert resolve_settings("wavegan", waves(512), phase_shuffle=0).game.model_dump()["phase_shuffle"] == 0
    with pytest.raises(ConfigurationError, match=r"training\.game\.phase_shuffle.*has no phase_shuffle"):
        resolve_settings("spectrogram_gan", waves(512), phase_shuffle=2)
    with pytest.raises(ConfigurationError, match="a recipe for clips"):
        resolve_settings("wavegan", images(1, 64, 64))
