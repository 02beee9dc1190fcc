"""(recipe, overrides, the store's shape, the machine) → settings. Pure."""

import difflib
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ganops.config import Settings, TrainingParameters
from ganops.errors import ConfigurationError
from ganops.games.recipes import RECIPES, Recipe

_EPOCHS, _LEAST_IMAGES = 40, 240_000
_LOGS, _SAMPLES, _CHECKPOINTS = 200, 20, 20


@dataclass(frozen=True)
class DataShape:
    """What the settings need to know of a store."""

    channels: int
    height: int
    width: int
    classes: int
    """0: unlabelled"""
    train_count: int


@dataclass(frozen=True)
class Machine:
    """Where it runs: `auto` is already decided."""

    device: Literal["cpu", "cuda", "mps"]
    threads: int


def resolve(parameters: TrainingParameters, shape: DataShape, machine: Machine) -> Settings:
    """What the user said, else what the recipe says, else what follows from the data.

    Derived: total_images = 40 · train_count, at least 240,000; cadences = total_images / 200 (log) and / 20 (samples,
    checkpoints), at least one batch; channels-last except on mps.
    """
    recipe = asdict(_recipe(parameters.recipe))
    said = {key: value for key, value in parameters.model_dump(exclude={"conditional"}).items() if value is not None}
    for key in said.keys() & recipe.keys():
        _require_applicable(parameters.recipe, key, recipe[key], said[key])
    values: dict[str, Any] = {**_derived(shape, machine), **recipe, **said, **asdict(machine)}
    values["classes"] = _classes(parameters, shape)
    return Settings.parse(values | _cadence(values, said))


def _recipe(name: str) -> Recipe:
    if name in RECIPES:
        return RECIPES[name]
    nearest = difflib.get_close_matches(name, RECIPES, n=1, cutoff=0.0)[0]
    raise ConfigurationError(
        "training.recipe",
        expected="one of " + ", ".join(RECIPES),
        received=repr(name),
        remedy=f"Did you mean {nearest}?",
    )


def _require_applicable(recipe: str, key: str, of_recipe: object, received: object) -> None:
    if of_recipe is None:
        raise ConfigurationError(
            f"training.{key}",
            expected=f"null, since the recipe {recipe} has no {key}",
            received=repr(received),
            remedy=f"Leave training.{key} null, or choose another training.recipe.",
        )


def _derived(shape: DataShape, machine: Machine) -> dict[str, Any]:
    return {
        "height": shape.height,
        "width_pixels": shape.width,
        "channels": shape.channels,
        "mirror": False,
        "total_images": max(_EPOCHS * shape.train_count, _LEAST_IMAGES),
        "channels_last": machine.device != "mps",
    }


def _classes(parameters: TrainingParameters, shape: DataShape) -> int:
    if parameters.conditional and not shape.classes:
        raise ConfigurationError(
            "training.conditional",
            expected="a store with labels",
            received="an unlabelled store",
            remedy="Put the pictures into one sub-folder a class, or leave training.conditional null.",
        )
    return 0 if parameters.conditional is False else shape.classes


def _cadence(values: dict[str, Any], said: dict[str, Any]) -> dict[str, int]:
    shares = {"log": _LOGS, "sample": _SAMPLES, "checkpoint": _CHECKPOINTS}
    derived = {f"{what}_every_images": values["total_images"] // share for what, share in shares.items()}
    return {key: max(values["batch"], said.get(key, default)) for key, default in derived.items()}
