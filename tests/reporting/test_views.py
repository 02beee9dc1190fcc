"""Every field is drawn, and every view that a game names exists for the fields that it generates."""

from typing import get_args

import pandas as pd
import pytest
import torch
from PIL import Image

from ganops.config import FieldName
from ganops.data.store import Store
from ganops.games.build import build_game
from ganops.games.latent_gan import LatentGan
from ganops.games.recipes import RECIPES
from ganops.reporting.views import FIELD_VIEWS, ViewSource, draw_fixed, draw_side_by_side, draw_views

from ..parameters import images, lines, resolve_settings
from .fake_samplers import FlatPictures, PointsOnLine
from .test_neighbours import Rows

PICTURES = torch.zeros(2, 1, 60, 60, dtype=torch.uint8)
POINTS = torch.zeros(2, 2)


def test_every_field_is_drawn() -> None:
    assert set(FIELD_VIEWS) == set(get_args(FieldName))


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_view_of_a_game_exists_for_its_field(recipe: str) -> None:
    settings = resolve_settings(recipe, lines(11, 7) if RECIPES[recipe].field == "tokens" else images(1, 32, 32, 2))
    game = build_game(settings)
    assert game.views and set(game.views) <= set(FIELD_VIEWS[game.generates].views)


def test_latent_games_have_the_same_views_of_points() -> None:
    assert set(FIELD_VIEWS["point"].views) == set(LatentGan.views)


def test_a_view_is_drawn_when_it_is_called_and_only_the_named_ones_exist(store: Store) -> None:
    source = ViewSource(FlatPictures(store.classes, side=6), store, Rows(), threads=1)
    assert draw_views("image", (), source) == {}
    drawn = {name: draw() for name, draw in draw_views("image", LatentGan.views, source).items()}
    types = {name: [*contents] for name, contents in drawn.items()}
    assert types == {
        "samples": ["png"],
        "interpolation": ["png"],
        "animation": ["gif"],
        "truncations": ["png"],
        "real_beside_generated": ["png"],
        "nearest_neighbours": ["png", "csv"],
    }
    for contents in drawn.values():
        for suffix, content in contents.items():
            assert isinstance(content, {"png": Image.Image, "gif": list, "csv": pd.DataFrame}[suffix])


def test_samples_of_fixed_noise_are_a_grid_or_a_cloud() -> None:
    assert draw_fixed("image", PICTURES, 2).size == (2 * 61 + 1, 62)
    assert draw_fixed("point", POINTS, 2).mode == "RGB"


def test_samples_side_by_side_are_rows_of_pictures_or_panels_of_points() -> None:
    one, two = (draw_side_by_side("image", dict.fromkeys(names, PICTURES)) for names in ("a", "ab"))
    assert two.width == one.width and two.height > one.height
    one, two = (draw_side_by_side("point", dict.fromkeys(names, POINTS)) for names in ("a", "ab"))
    assert two.width == 2 * one.width and two.height == one.height


def test_row_lengths_and_views_of_points(store: Store) -> None:
    source = ViewSource(PointsOnLine(), store, Rows(), threads=1)
    (samples,) = draw_views("point", ("samples",), source).values()
    assert [*samples()] == ["png"]
