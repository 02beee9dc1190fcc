from typing import get_args

import pytest

from ganops.config import ObjectiveName, TrainingParameters
from ganops.errors import ConfigurationError
from ganops.games.recipes import RECIPES
from ganops.games.resolve import Hardware, SampleSpec, derivations, resolve

SHAPE, MACHINE = SampleSpec(3, 20, 30, 5, 10_000), Hardware("cpu", 3)


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_what_nobody_said_comes_from_the_recipe_and_the_data(recipe):
    settings = resolve(TrainingParameters(recipe=recipe), SHAPE, MACHINE)
    assert settings.learning_rate == RECIPES[recipe].learning_rate
    assert (settings.channels, settings.height, settings.width_pixels, settings.classes) == (3, 20, 30, 5)
    assert (settings.device, settings.threads) == ("cpu", 3)


def test_what_was_said_wins():
    settings = resolve(TrainingParameters(recipe="dcgan", learning_rate=0.5, batch=7), SHAPE, MACHINE)
    assert (settings.learning_rate, settings.batch) == (0.5, 7)


@pytest.mark.parametrize("count, images", [(100, 240_000), (6_000, 240_000), (10_000, 400_000), (60_000, 1_000_000)])
def test_the_budget_is_40_epochs_between_240_000_and_a_million_images(count, images):
    assert resolve(TrainingParameters(recipe="dcgan"), SampleSpec(3, 20, 30, 5, count), MACHINE).total_images == images


@pytest.mark.parametrize(
    "height, width, count, batch",
    [
        (28, 28, 3500, 64),
        (128, 128, 3500, 64),
        (129, 128, 3500, 32),
        (256, 512, 3500, 8),
        (2048, 2048, 3500, 8),
        (28, 28, 63, 32),
        (28, 28, 64, 64),
        (28, 28, 3, 8),
    ],
)
def test_the_batch_is_halved_for_large_pictures_and_few_of_them(height, width, count, batch):
    shape = SampleSpec(3, height, width, 5, count)
    assert resolve(TrainingParameters(recipe="dcgan"), shape, MACHINE).batch == batch
    assert resolve(TrainingParameters(recipe="dcgan", batch=100), shape, MACHINE).batch == 100, "what was said wins"


@pytest.mark.parametrize("side, images", [(28, 240_000), (56, 120_000), (100, 67_200)])
def test_seconds_grow_with_the_side_of_a_large_picture(side, images):
    assert (
        resolve(TrainingParameters(recipe="dcgan"), SampleSpec(3, side, side, 5, 100), MACHINE).total_images == images
    )


@pytest.mark.parametrize("side, rate", [(20, 2e-3), (28, 2e-3), (32, 2e-3 * 2 / 3), (100, 1e-3)])
def test_the_rate_of_dcgan_falls_with_its_depth(side, rate):
    shape = SampleSpec(3, side, side, 5, 3500)
    assert resolve(TrainingParameters(recipe="dcgan"), shape, MACHINE).learning_rate == pytest.approx(rate)
    assert resolve(TrainingParameters(recipe="vae"), shape, MACHINE).learning_rate == RECIPES["vae"].learning_rate


def test_every_setting_that_was_left_open_is_explained_and_no_other():
    parameters = TrainingParameters(recipe="dcgan", learning_rate=0.5, log_every_images=100)
    lines = derivations(parameters, SampleSpec(1, 28, 28, 10, 3500), resolve(parameters, SHAPE, MACHINE))
    assert ("training.width", 32, "of the recipe dcgan") in lines
    explained = {line.key.removeprefix("training.") for line in lines}
    elsewhere = {"recipe", "seed", "device", "threads", "conditional", "learning_rate", "log_every_images"}
    elsewhere |= {"attempts", "continue_from", "processes", "launcher", "augmentation_target"}
    elsewhere |= {f"burn_in_{key}" for key in ("learning_rate", "r1_gamma", "r2_gamma", "beta2", "augmentation")}
    elsewhere |= {"burn_in_ema_half_life_images"}
    assert explained == set(TrainingParameters.model_fields) - elsewhere


def test_the_explanation_holds_the_formula_and_its_numbers():
    shape = SampleSpec(1, 28, 28, 10, 3500)
    lines = derivations(
        TrainingParameters(recipe="vae"), shape, resolve(TrainingParameters(recipe="vae"), shape, MACHINE)
    )
    least = "240,000 · min(1, 28 / √(height 28 · width 28)) = 240,000"
    assert ("training.total_images", 240_000, f"40 · train_count 3500, at least {least}, at most 1,000,000") in lines
    assert ("training.precision", "fp32", "of the recipe vae") in lines
    assert not any("r1_gamma" in line.key or "objective" in line.key for line in lines), "a vae has no such thing"


def test_a_cadence_is_a_share_of_the_budget_and_at_least_a_batch():
    settings = resolve(TrainingParameters(recipe="dcgan", total_images=1000, batch=40), SHAPE, MACHINE)
    assert (settings.log_every_images, settings.sample_every_images) == (40, 50)


def test_an_unknown_recipe_names_the_nearest():
    with pytest.raises(ConfigurationError, match="Did you mean dcgan"):
        resolve(TrainingParameters(recipe="dgcan"), SHAPE, MACHINE)


@pytest.mark.parametrize("override", [{"r1_gamma": 5.0}, {"r2_gamma": 5.0}, {"objective": "minimax"}])
def test_an_override_that_the_game_has_no_use_for_is_refused(override):
    (key,) = override
    with pytest.raises(ConfigurationError, match=rf"training\.{key}.*the recipe vae has no {key}"):
        resolve(TrainingParameters(recipe="vae", **override), SHAPE, MACHINE)


@pytest.mark.parametrize("objective", get_args(ObjectiveName))
@pytest.mark.parametrize("recipe", sorted(set(RECIPES) - {"vae"}))
def test_the_objective_of_a_recipe_may_be_replaced(recipe, objective):
    parameters = TrainingParameters(recipe=recipe, objective=objective, mirror=True)
    settings = resolve(parameters, SHAPE, MACHINE)
    assert (settings.objective, settings.mirror) == (objective, True)


def test_conditional_needs_labels_and_false_ignores_them():
    unlabelled = SampleSpec(3, 20, 30, 0, 100)
    with pytest.raises(ConfigurationError, match="unlabelled"):
        resolve(TrainingParameters(recipe="dcgan", conditional=True), unlabelled, MACHINE)
    assert resolve(TrainingParameters(recipe="dcgan", conditional=False), SHAPE, MACHINE).classes == 0


def test_the_batch_is_shared_equally_or_not_at_all():
    assert resolve(TrainingParameters(recipe="dcgan", processes=4), SHAPE, MACHINE).processes == 4
    with pytest.raises(ConfigurationError, match=r"training\.processes: expected a divisor of the batch of 64"):
        resolve(TrainingParameters(recipe="dcgan", processes=3), SHAPE, MACHINE)


@pytest.mark.parametrize("objective", ["relativistic", "wasserstein"])
def test_augmentation_adapts_to_signs_only_where_they_mean_something(objective):
    assert (
        resolve(TrainingParameters(recipe="dcgan", augmentation_target=0.6), SHAPE, MACHINE).augmentation_target == 0.6
    )
    with pytest.raises(ConfigurationError, match=r"training\.augmentation_target.*no zero"):
        resolve(TrainingParameters(recipe="dcgan", augmentation_target=0.6, objective=objective), SHAPE, MACHINE)


def test_a_cadence_is_at_least_a_round():
    parameters = TrainingParameters(recipe="dcgan", discriminator_steps=5, batch=40, total_images=1000)
    settings = resolve(parameters, SHAPE, MACHINE)
    assert (settings.iteration_images, settings.log_every_images) == (200, 200)


def test_points_are_played_by_plain_networks_without_what_pictures_alone_have():
    shape = SampleSpec(2, 1, 1, 0, 10_000, "point")
    settings = resolve(TrainingParameters(recipe="dcgan"), shape, MACHINE)
    assert (settings.network, settings.augmentation, settings.field) == ("mlp", 0.0, "point")
    assert (settings.latent_dimension, settings.batch, settings.r1_gamma, settings.r2_gamma) == (2, 256, 0.1, 0.0)
    assert settings.learning_rate == pytest.approx(2 * RECIPES["dcgan"].learning_rate)
    parameters = TrainingParameters(recipe="dcgan", latent_dimension=9, r1_gamma=3.0)
    said = resolve(parameters, SampleSpec(2, 1, 1, 0, 200, "point"), MACHINE)
    assert (said.latent_dimension, said.batch, said.r1_gamma) == (9, 128, 3.0)
    for override in (
        TrainingParameters(recipe="dcgan", augmentation=0.5),
        TrainingParameters(recipe="dcgan", mirror=True),
    ):
        with pytest.raises(ConfigurationError, match="a game of points has no"):
            resolve(override, shape, MACHINE)
    with pytest.raises(ConfigurationError, match=r"training\.recipe.*of pictures"):
        resolve(TrainingParameters(recipe="vae"), shape, MACHINE)


def test_bf16_is_played_only_where_it_is_faster_unless_it_is_asked_for():
    slow = Hardware("cpu", 1, fast_bf16=False)
    precisions = [resolve(TrainingParameters(recipe="dcgan"), SHAPE, machine).precision for machine in (MACHINE, slow)]
    assert precisions == ["bf16", "fp32"]
    assert resolve(TrainingParameters(recipe="dcgan", precision="bf16"), SHAPE, slow).precision == "bf16"
