"""Settings, data and a tracker of trainings that take milliseconds."""

import pytest

from ganops.games.build import build_game
from ganops.games.recipes import RECIPES

from ..games.cases import FieldBatches
from ..parameters import resolve_settings, tiny_sample
from .helpers import ListTracker, Stripes


@pytest.fixture
def stripes(request):
    """Return noise: of what the recipe's game reads in a test of every recipe, else of pictures."""
    if "recipe" not in request.fixturenames:
        return Stripes()
    settings = tiny_settings(request.getfixturevalue("recipe"))
    return FieldBatches(build_game(settings), settings.sample)


def tiny_settings(recipe, **overrides):
    sizes = {"base_channels": 4, "batch": 8, "total_images": 80, "log_every_images": 16}
    if hasattr(RECIPES[recipe].game, "latent_dimension"):
        sizes["latent_dimension"] = 5
    return resolve_settings(recipe, tiny_sample(recipe), **{**sizes, **overrides})


def unscheduled(recipe):
    """Return the values that schedule nothing: what is trained does not depend on the length of the training."""
    return {"learning_rate_decay": "none", **({"adversary_from": 0.0} if recipe == "text_gan" else {})}


@pytest.fixture(params=sorted(RECIPES))
def recipe(request):
    return request.param


@pytest.fixture
def make_settings():
    return tiny_settings


@pytest.fixture
def tracker():
    return ListTracker()
