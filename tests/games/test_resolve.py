from typing import get_args

import pytest

from ganops.config import AdversarialSettings, LatentGanSettings, ObjectiveName
from ganops.errors import ConfigurationError
from ganops.games.recipes import RECIPES
from ganops.games.resolve import Hardware, explain_defaults, resolve
from ganops.parameters import leaves
from ganops.training_config import TrainingParameters

from ..parameters import images, lines, points, training, waves

SAMPLE, COUNT, HARDWARE = images(3, 20, 30, 5), 10_000, Hardware("cpu", 3)
OF_FIELD = {"image": SAMPLE, "point": points(2, 5), "wave": waves(512, 5), "tokens": lines(11, 7)}


def resolved(recipe="dcgan", sample=SAMPLE, count=COUNT, hardware=HARDWARE, **values):
    return resolve(training(recipe, **values), sample, count, hardware)


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_without_overrides_settings_come_from_recipe_data_and_hardware(recipe):
    sample = OF_FIELD[RECIPES[recipe].field]
    settings = resolved(recipe, sample)
    assert settings.optimizer == RECIPES[recipe].optimizer
    assert (settings.game, settings.networks, settings.ema) == (
        RECIPES[recipe].game,
        RECIPES[recipe].networks,
        RECIPES[recipe].ema,
    )
    unconditional = "conditional" in RECIPES[recipe].without or not RECIPES[recipe].conditional
    classes = 0 if unconditional else sample.classes
    inputs = {"pix2pix": 3, "fastcut": sample.channels, "cyclegan": sample.channels}.get(recipe, 0)
    assert settings.sample == sample.model_copy(update={"classes": classes, "input_channels": inputs})
    assert (settings.runtime.device, settings.runtime.threads) == ("cpu", 3)


def test_overrides_replace_the_recipes_values():
    settings = resolved(learning_rate=0.5, batch=7, r2_gamma={"start": 4.0, "end": 2.0}, policy="diffaugment")
    assert (settings.optimizer.learning_rate.start, settings.optimizer.learning_rate.end) == (0.5, 0.5)
    assert settings.budget.batch == 7
    recipe = RECIPES["dcgan"].game
    assert settings.game == recipe.replace(
        {"r2_gamma": {"start": 4.0, "end": 2.0}, "augmentation.policy": "diffaugment"}
    )


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_every_setting_of_a_game_may_be_overridden_and_nothing_else(recipe):
    of_game = {f"game.{key}" for key in leaves(RECIPES[recipe].game)} - {"game.kind"}
    assert of_game <= set(leaves(training(recipe)))


@pytest.mark.parametrize("count, total", [(100, 360_000), (6_000, 360_000), (10_000, 400_000), (60_000, 1_000_000)])
def test_the_budget_is_40_epochs_between_360_000_and_a_million_images(count, total):
    assert resolved(count=count).budget.total_images == total


@pytest.mark.parametrize(("recipe", "total"), [("completion", 60_000), ("fastcut", 18_000), ("cyclegan", 9_000)])
def test_the_budget_is_smaller_where_an_image_takes_long(recipe: str, total: int) -> None:
    sample = images(3, 28, 28, 2)
    assert resolved(recipe, sample, 100).budget.total_images == total
    reasons = {row.key: row.reason for row in explained(training(recipe), sample, COUNT)}
    assert reasons["training.total_images"].endswith(f"divided by {360_000 // total} of the recipe")


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
def test_the_batch_is_halved_for_large_or_few_images(height, width, count, batch):
    sample = images(3, height, width, 5)
    assert resolved(sample=sample, count=count).budget.batch == batch
    assert resolved(sample=sample, count=count, batch=100).budget.batch == 100, "an override is not halved"


@pytest.mark.parametrize("side, total", [(28, 360_000), (56, 127_279), (100, 53_338)])
def test_the_least_budget_falls_with_the_side_of_large_images(side, total):
    assert resolved(sample=images(3, side, side, 5), count=100).budget.total_images == total


@pytest.mark.parametrize("side, rate", [(20, 2e-3), (28, 2e-3), (32, 2e-3 * 2 / 3), (100, 1e-3)])
def test_the_learning_rate_of_dcgan_falls_with_its_depth(side, rate):
    sample = images(3, side, side, 5)
    assert resolved(sample=sample, count=3500).optimizer.learning_rate.end == pytest.approx(rate)
    assert resolved("vae", sample, 3500).optimizer == RECIPES["vae"].optimizer


def explained(parameters, sample, count):
    settings = resolve(parameters, sample, count, HARDWARE)
    return explain_defaults(parameters, sample, count, settings)


@pytest.mark.parametrize("recipe, sample", [("dcgan", SAMPLE), ("vae", SAMPLE), ("r3gan", points(2))])
def test_every_default_is_explained_and_no_override(recipe, sample):
    parameters = training(recipe, learning_rate=0.5, log_every_images=100)
    overridden = {"learning_rate", "log_every_images"}
    overridden |= {"recipe", "seed", "stop_when_flat", "attempts", "processes", "launcher"}  # they are never null
    own = {f"game.{key}" for key in leaves(RECIPES[recipe].game)}
    # Which follow from the hardware, or from the store, or are no settings.
    elsewhere = {"device", "threads", "conditional", "continue_from", "stop_when_flat", "game.augmentation.target"}
    keys = {key for key in leaves(parameters) if key in own or not key.startswith("game.")} - overridden - elsewhere
    rows = explained(parameters, sample, COUNT)
    assert {row.key.removeprefix("training.") for row in rows} == keys
    assert all(row.reason for row in rows)


def test_an_explanation_has_key_value_and_reason():
    rows = explained(training("dcgan"), SAMPLE, COUNT)
    assert ("training.base_channels", 32, "of the recipe dcgan for pictures") in rows
    assert ("training.game.objective", "non_saturating", "of the recipe dcgan for pictures") in rows


def test_the_explanation_holds_the_formula_and_its_numbers():
    rows = explained(training("vae"), images(1, 28, 28, 10), 3500)
    least = "360,000 · min(1, 28 / √(height 28 · width 28))^1.5 = 360,000"
    assert ("training.total_images", 360_000, f"40 · train_count 3500, at least {least}, at most 1,000,000") in rows
    assert ("training.runtime.precision", "fp32", "of the recipe vae for pictures") in rows
    assert not any("r1_gamma" in row.key or "objective" in row.key for row in rows), "a vae has no such thing"


def test_the_explanation_for_points_says_how_the_recipe_differs():
    reasons = {row.key: (str(row.value), row.reason) for row in explained(training("dcgan"), points(2), COUNT)}
    assert reasons["training.learning_rate"] == ("0.004", "the recipe's 0.002 · √(256 / 64)")
    assert reasons["training.game.r1_gamma"] == ("0.1", "0.1 · that of the recipe for pictures")
    assert reasons["training.game.latent_dimension"] == ("2", "1 · channels 2")
    assert reasons["training.base_channels"] == ("128", "of the recipe dcgan for points")


def test_a_cadence_is_a_share_of_the_budget_and_at_least_an_iteration():
    settings = resolved(total_images=1000, batch=40)
    assert (settings.cadence.log_every_images, settings.execution.sample_every_images) == (40, 50)
    settings = resolved(discriminator_steps=5, batch=40, total_images=1000)
    assert (settings.iteration_images, settings.cadence.log_every_images) == (200, 200)


def test_an_unknown_recipe_names_the_nearest():
    with pytest.raises(ConfigurationError, match="Did you mean dcgan"):
        resolved("dgcan")


@pytest.mark.parametrize("override", [{"r1_gamma": 5.0}, {"probability": 0.0}, {"objective": "minimax"}])
def test_an_override_that_the_game_does_not_have_is_refused(override):
    (key,) = override
    with pytest.raises(ConfigurationError, match=rf"training\.game\..*{key}: .*the recipe vae has no {key}"):
        resolved("vae", **override)


@pytest.mark.parametrize("objective", get_args(ObjectiveName))
@pytest.mark.parametrize("recipe", sorted(n for n, row in RECIPES.items() if isinstance(row.game, AdversarialSettings)))
def test_the_objective_of_a_recipe_may_be_replaced(recipe, objective):
    settings = resolved(recipe, OF_FIELD[RECIPES[recipe].field], objective=objective)
    assert settings.adversarial is not None
    assert settings.adversarial.objective == objective


def test_pictures_may_be_mirrored_and_clips_and_lines_may_not():
    assert resolved(mirror=True).mirror
    for recipe, sample in (("spectrogram_gan", waves(512)), ("text_gan", lines(11, 7))):
        with pytest.raises(ConfigurationError, match="no mirror"):
            resolved(recipe, sample, mirror=True)


def test_the_target_of_a_recipe_gives_way_to_a_probability_and_to_an_objective_without_a_zero():
    def target(**values):
        game = resolved("projected", **values).game
        assert isinstance(game, LatentGanSettings)
        return game.augmentation.target

    assert target() == 0.6
    assert target(probability=0.5) is None
    assert target(probability={"start": 0.5, "end": 0.1}) is None
    assert target(objective="wasserstein") is None
    assert target(probability=0.5, target=0.3) == 0.3
    with pytest.raises(ConfigurationError, match="whose logits have no zero"):
        target(objective="wasserstein", target=0.3)


def test_conditional_needs_labels_and_false_ignores_them():
    with pytest.raises(ConfigurationError, match="unlabelled"):
        resolved(sample=images(3, 20, 30), conditional=True)
    assert resolved(conditional=False).sample.classes == 0


def test_projected_generates_by_class_where_asked_for():
    assert resolved(recipe="projected").sample.classes == 0
    assert resolved(recipe="projected", conditional=True).sample.classes == SAMPLE.classes


def test_the_batch_is_shared_equally_or_not_at_all():
    assert resolved(processes=4).execution.processes == 4
    with pytest.raises(ConfigurationError, match=r"training\.processes: expected a divisor of the batch of 64"):
        resolved(processes=3)


@pytest.mark.parametrize("objective", ["relativistic", "wasserstein"])
def test_augmentation_adapts_only_where_the_sign_of_a_logit_has_a_meaning(objective):
    game = resolved(target=0.6).game
    assert isinstance(game, LatentGanSettings) and game.augmentation.target == 0.6
    with pytest.raises(ConfigurationError, match=r"training\.game\.augmentation\.target.*no zero"):
        resolved(target=0.6, objective=objective)


def test_points_have_plain_networks_and_nothing_that_images_alone_have():
    settings = resolved(sample=points(2))
    assert settings.sample.field == "point"
    game = settings.game
    assert isinstance(game, LatentGanSettings)
    assert (settings.networks.family, game.latent_dimension, settings.budget.batch) == ("mlp", 2, 256)
    assert (game.r1_gamma.end, game.r2_gamma.end, game.augmentation.probability.end) == (0.1, 0.0, 0.0)
    assert settings.optimizer.learning_rate.end == 2 * RECIPES["dcgan"].optimizer.learning_rate.end
    settings = resolved(sample=points(2), count=200, latent_dimension=9, r1_gamma=3.0)
    game = settings.game
    assert isinstance(game, LatentGanSettings)
    assert (game.latent_dimension, settings.budget.batch, game.r1_gamma.end) == (9, 128, 3.0)


@pytest.mark.parametrize("override", [{"probability": 0.5}, {"policy": "diffaugment"}, {"mirror": True}])
def test_an_override_for_images_is_refused_for_points(override):
    (key,) = override
    with pytest.raises(ConfigurationError, match=f"the recipe dcgan for points has no {key}"):
        resolved(sample=points(2), **override)


def test_a_recipe_for_images_alone_is_refused_for_points():
    with pytest.raises(
        ConfigurationError, match=r"training\.recipe: expected one of antialiased, dcgan,.*vae, a recipe for pictures"
    ):
        resolved("vae", points(2))


def test_bf16_is_used_only_where_it_is_faster_unless_it_is_asked_for():
    slow = Hardware("cpu", 1, fast_bf16=False)
    assert [resolved(hardware=hardware).runtime.precision for hardware in (HARDWARE, slow)] == ["bf16", "fp32"]
    assert resolved(hardware=slow, precision="bf16").runtime.precision == "bf16"


def test_parameters_without_overrides_leave_every_group_empty():
    values = leaves(TrainingParameters(recipe="dcgan"))
    assert {key for key, value in values.items() if "." in key and value is not None} == set()


def test_a_translation_needs_inputs():
    with pytest.raises(ConfigurationError, match=r"data_preparation\.pairs"):
        resolved("pix2pix", images(3, 20, 30, input_channels=0))
