"""Settings, data and a tracker of trainings that take milliseconds."""

import pytest

from ganops.games.recipes import RECIPES

from ..parameters import resolve_settings, tiny_sample
from .helpers import ListTracker, Stripes


@pytest.fixture(scope="session")
def stripes():
    return Stripes()


def tiny_settings(recipe, **overrides):
    sizes = {"base_channels": 4, "batch": 8, "total_images": 80, "log_every_images": 16}
    if hasattr(RECIPES[recipe].game, "latent_dimension"):
        sizes["latent_dimension"] = 5
    return resolve_settings(recipe, tiny_sample(recipe), **{**sizes, **overrides})


@pytest.fixture(params=sorted(RECIPES))
def recipe(request):
    return request.param


@pytest.fixture
def make_settings():
    return tiny_settings


@pytest.fixture
def tracker():
    return ListTracker()
