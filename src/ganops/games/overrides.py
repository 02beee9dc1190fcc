"""The values that the user sets in place of the recipe's, checked against the recipe. Torch-free."""

from typing import Any

from ganops.config import NOUNS, FieldName
from ganops.errors import ConfigurationError
from ganops.games.recipes import find_recipe
from ganops.parameters import leaves
from ganops.training_config import TrainingParameters

# Keys of `training` that are settings of another name; all others have the same name.
_SETTINGS_KEYS = {
    "total_images": "budget.total_images",
    "stop_when_flat": "budget.stop_when_flat",
    "batch": "budget.batch",
    "burn_in_images": "budget.burn_in_images",
    "base_channels": "networks.base_channels",
    "learning_rate": "optimizer.learning_rate",
    "log_every_images": "cadence.log_every_images",
    "checkpoint_every_images": "cadence.checkpoint_every_images",
    "snapshot_every_images": "cadence.snapshot_every_images",
    "sample_every_images": "execution.sample_every_images",
    "attempts": "execution.attempts",
    "processes": "execution.processes",
    "launcher": "execution.launcher",
}
# They are no settings, but what some follow from.
_NOT_SETTINGS = {"device", "threads", "conditional", "continue_from"}


def overrides(parameters: TrainingParameters) -> dict[str, Any]:
    """Return the settings that the user set, by dotted key of `training`."""
    values = leaves(parameters)
    return {key: value for key, value in values.items() if value is not None and key not in _NOT_SETTINGS}


def settings_key(key: str) -> str:
    """Return the dotted key, in the settings, of a dotted key of `training`."""
    return _SETTINGS_KEYS.get(key, key)


def check_overrides(parameters: TrainingParameters, field: FieldName) -> None:
    """Check recipe and overrides against each other and the kind of data.

    Raises:
        ConfigurationError: the recipe is unknown or for another field, or has no such value.
    """
    recipe, name = find_recipe(parameters.recipe, field), parameters.recipe
    of_game = leaves(recipe.game)
    if parameters.conditional and "conditional" in recipe.without:
        raise _no_such_value("conditional", True, f"the recipe {name}")
    for key, value in overrides(parameters).items():
        group, _, inner = key.partition(".")
        if group == "game" and inner not in of_game:
            raise _no_such_value(key, value, f"the recipe {name}")
        if value and any(f"{key}.".startswith(f"{unused}.") for unused in recipe.without):
            raise _no_such_value(key, value, f"the recipe {name} for {NOUNS[field].many}")


def require_pairs(parameters: TrainingParameters, pairs: bool) -> None:
    """Raise ConfigurationError where the recipe translates inputs, and the data have none."""
    if find_recipe(parameters.recipe).from_input and not pairs:
        raise ConfigurationError(
            "training.recipe",
            expected="a recipe for pictures without inputs",
            received=parameters.recipe,
            remedy="Set data_preparation.pairs, such as grey_to_colour, or choose another training.recipe.",
        )


def require_masks(parameters: TrainingParameters, masks: bool) -> bool:
    """Return whether the masks of the data are used; ConfigurationError where they are, and the data have none."""
    chosen = overrides(parameters)
    if chosen.get("game.mask") != "files":
        return False
    if not masks:
        raise ConfigurationError(
            "training.game.mask",
            expected="centre, box, irregular or mixed, since the data have no masks",
            received="files",
            remedy="Set data_preparation.masks to the folder of your masks, and prepare the data.",
        )
    if "game.coverage" in chosen:
        raise ConfigurationError(
            "training.game.coverage",
            expected="null with training.game.mask=files, whose holes cover what they cover",
            received=str(chosen["game.coverage"]),
            remedy="Leave training.game.coverage null.",
        )
    return True


def _no_such_value(key: str, value: object, subject: str) -> ConfigurationError:
    return ConfigurationError(
        f"training.{key}",
        expected=f"null, since {subject} has no {key.rpartition('.')[2]}",
        received=str(value),
        remedy=f"Leave training.{key} null, or choose another training.recipe.",
    )
