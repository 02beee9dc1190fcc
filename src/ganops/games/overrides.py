"""The values that the user sets in place of the recipe's, checked against the recipe's game. Torch-free."""

from collections.abc import Mapping, Set
from typing import Any

from ganops.config import FieldName, TrainingParameters
from ganops.errors import ConfigurationError
from ganops.games.recipes import find_recipe

OF_TWO_PLAYERS = {
    *("objective", "discriminator_steps", "r1_gamma", "r2_gamma", "gradient_penalty", "penalty_every_moves"),
    *("spectral_norm", "augmentation", "augmentation_policy", "augmentation_target"),
    *("burn_in_r1_gamma", "burn_in_r2_gamma", "burn_in_augmentation"),
}
_OF_PICTURES = {"augmentation", "augmentation_policy", "augmentation_target", "mirror"}


def overrides(parameters: TrainingParameters) -> dict[str, Any]:
    """Return the values that the user set, by key."""
    values = parameters.model_dump(exclude={"conditional", "continue_from"})
    return {key: value for key, value in values.items() if value is not None}


def check_overrides(parameters: TrainingParameters, field: FieldName) -> None:
    """Check recipe and overrides against each other and the kind of data.

    Raises:
        ConfigurationError: the recipe is unknown or of another field, or its game has no such value.
    """
    recipe, values = find_recipe(parameters.recipe), overrides(parameters)
    if field == "point":
        if recipe.game == "vae":
            raise ConfigurationError(
                "training.recipe",
                expected="a recipe of two players, since the data are points",
                received=f"{parameters.recipe}, a recipe of pictures",
                remedy="Choose another training.recipe.",
            )
        _refuse("a game of points", {key for key in _OF_PICTURES if values.get(key)}, values)
    if recipe.game == "vae":
        _refuse(f"the recipe {parameters.recipe}", values.keys() & OF_TWO_PLAYERS, values)


def _refuse(subject: str, keys: Set[str], values: Mapping[str, Any]) -> None:
    for key in sorted(keys):
        raise ConfigurationError(
            f"training.{key}",
            expected=f"null, since {subject} has no {key}",
            received=repr(values[key]),
            remedy=f"Leave training.{key} null, or choose another training.recipe.",
        )
