"""Finds the games of one's own: the packages in `ganops.own_games`. Torch-free.

The module `recipe` of such a package states the class of its settings as `SETTINGS` and its rows of the table of
recipes as `RECIPES`; it is torch-free. The module `game` has the functions `build_game` and `build_networks`.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType

from ganops.config import OwnGameSettings
from ganops.errors import ConfigurationError
from ganops.recipe import Recipe

_PACKAGE = "ganops.own_games"


def _import_recipes() -> list[ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(_PACKAGE).__path__))
    return [importlib.import_module(f"{_PACKAGE}.{name}.recipe") for name in names]


def add_recipes(table: Mapping[str, Recipe]) -> dict[str, Recipe]:
    """Return a table of recipes with those of the own games added.

    Raises:
        ConfigurationError: two have one name.
    """
    joined = dict(table)
    for module in _MODULES:
        for name, recipe in module.RECIPES.items():
            if name in joined:
                raise ConfigurationError(
                    f"{module.__name__}.RECIPES",
                    expected="names that no other recipe has",
                    received=repr(name),
                    remedy="Rename the recipe.",
                )
            joined[name] = recipe
    return joined


def load_code(settings: OwnGameSettings) -> ModuleType:
    """Import the module `game` of the package that states these settings."""
    package = type(settings).__module__.rpartition(".")[0]
    return importlib.import_module(f"{package}.game")


_MODULES = _import_recipes()
OWN_SETTINGS: tuple[type[OwnGameSettings], ...] = tuple(module.SETTINGS for module in _MODULES)
"""the classes of settings of all own games"""
