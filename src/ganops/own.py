"""Finds the games of one's own: the packages in `ganops.own_games`. Torch-free.

The module `recipe` of such a package states the class of its settings as `SETTINGS` and its rows of the table of
recipes as `RECIPES`; it is torch-free. The module `game` has the functions `build_game` and `build_networks`.
"""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Mapping
from types import ModuleType

from ganops.config import GAMES, OwnGameSettings
from ganops.errors import ConfigurationError
from ganops.parameters import Parameters
from ganops.recipe import Recipe

_PACKAGE = "ganops.own_games"


def _import_recipes() -> list[ModuleType]:
    """Return the modules `recipe`; ConfigurationError where a folder is no game."""
    names = sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(_PACKAGE).__path__))
    modules = [_import_recipe(f"{_PACKAGE}.{name}.recipe") for name in names]
    kinds = Counter(_find_kind(settings) for settings in (*GAMES, *(module.SETTINGS for module in modules)))
    for module in modules:
        if kinds[_find_kind(module.SETTINGS)] > 1:
            raise ConfigurationError(
                f"{module.__name__}.SETTINGS",
                expected="a kind that no other game has",
                received=repr(_find_kind(module.SETTINGS)),
                remedy="Rename its kind.",
            )
    return modules


def _import_recipe(name: str) -> ModuleType:
    try:
        module = importlib.import_module(name)
        reasons = [f"no {attribute}" for attribute in ("SETTINGS", "RECIPES") if not hasattr(module, attribute)]
    except ImportError as error:
        module, reasons = None, [str(error)]
    if module is None or reasons:
        raise ConfigurationError(
            name,
            expected="a module with the names SETTINGS and RECIPES",
            received=", ".join(reasons),
            remedy="See docs/own_game.md, or move the folder out of own_games.",
        )
    return module


def _find_kind(settings: type[Parameters]) -> str:
    """Return the name of a game, by the class of its settings."""
    return settings.model_fields["kind"].default


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
