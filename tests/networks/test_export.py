"""No module has a name that torch takes for itself: such a network could not be exported."""

import pytest
from torch.fx import GraphModule

from ganops.games.recipes import RECIPES
from ganops.networks.build import build_networks

from ..parameters import images, points, resolve_settings

SAMPLES = {recipe: images(1, 12, 9, 3) for recipe in RECIPES} | {"r3gan of points": points(2, 3)}


@pytest.mark.parametrize("name", SAMPLES)
def test_no_module_has_a_name_of_a_traced_module(name: str) -> None:
    networks = build_networks(resolve_settings(name.split()[0], SAMPLES[name], base_channels=8, latent_dimension=5))
    used = {part for network in networks.values() for path, _ in network.named_modules() for part in path.split(".")}
    assert {part for part in used if part and hasattr(GraphModule, part)} == set()
