import pytest

from ganops.config import TrainingParameters
from ganops.errors import ConfigurationError
from ganops.games.recipes import RECIPES
from ganops.games.resolve import DataShape, Machine, resolve

SHAPE, MACHINE = DataShape(3, 20, 30, 5, 10_000), Machine("cpu", 3)


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_what_nobody_said_comes_from_the_recipe_and_the_data(recipe):
    settings = resolve(TrainingParameters(recipe=recipe), SHAPE, MACHINE)
    assert settings.learning_rate == RECIPES[recipe].learning_rate
    assert (settings.channels, settings.height, settings.width_pixels, settings.classes) == (3, 20, 30, 5)
    assert (settings.device, settings.threads) == ("cpu", 3)


def test_what_was_said_wins():
    settings = resolve(TrainingParameters(recipe="dcgan", learning_rate=0.5, batch=7), SHAPE, MACHINE)
    assert (settings.learning_rate, settings.batch) == (0.5, 7)


def test_the_budget_is_40_epochs_and_at_least_240_000_images():
    large = DataShape(3, 20, 30, 5, 10_000)
    small = DataShape(3, 20, 30, 5, 100)
    assert resolve(TrainingParameters(recipe="dcgan"), large, MACHINE).total_images == 400_000
    assert resolve(TrainingParameters(recipe="dcgan"), small, MACHINE).total_images == 240_000


def test_a_cadence_is_a_share_of_the_budget_and_at_least_a_batch():
    settings = resolve(TrainingParameters(recipe="dcgan", total_images=1000, batch=40), SHAPE, MACHINE)
    assert (settings.log_every_images, settings.sample_every_images) == (40, 50)


def test_an_unknown_recipe_names_the_nearest():
    with pytest.raises(ConfigurationError, match="Did you mean dcgan"):
        resolve(TrainingParameters(recipe="dgcan"), SHAPE, MACHINE)


def test_an_override_that_the_game_has_no_use_for_is_refused():
    with pytest.raises(ConfigurationError, match=r"training\.r1_gamma.*the recipe vae has no r1_gamma"):
        resolve(TrainingParameters(recipe="vae", r1_gamma=5.0), SHAPE, MACHINE)


def test_conditional_needs_labels_and_false_ignores_them():
    unlabelled = DataShape(3, 20, 30, 0, 100)
    with pytest.raises(ConfigurationError, match="unlabelled"):
        resolve(TrainingParameters(recipe="dcgan", conditional=True), unlabelled, MACHINE)
    assert resolve(TrainingParameters(recipe="dcgan", conditional=False), SHAPE, MACHINE).classes == 0
