"""Every generator can be exported: no module has a name that torch takes for itself."""

import pytest
import torch
from torch.fx import GraphModule

from ganops.games.build import build_game
from ganops.games.recipes import RECIPES
from ganops.networks.build import build_networks

from ..parameters import images, points, resolve_settings

LATENT = [name for name, recipe in RECIPES.items() if hasattr(recipe.game, "latent_dimension")]
SAMPLES = {recipe: images(1, 12, 9, 3) for recipe in LATENT} | {"r3gan of points": points(5, 3)}


@pytest.mark.parametrize("name", SAMPLES)
def test_an_exported_generator_gives_the_same_samples(name: str) -> None:
    settings = resolve_settings(name.split()[0], SAMPLES[name], base_channels=8, latent_dimension=5)
    (generating,) = build_game(settings).inference_networks
    network = build_networks(settings)[generating].eval()
    arguments = torch.randn(4, 5), torch.arange(4) % 3
    with torch.no_grad():
        exported = torch.export.export(network, arguments).module()
        torch.testing.assert_close(exported(*arguments), network(*arguments))


@pytest.mark.parametrize("name", SAMPLES)
def test_no_module_has_a_name_of_a_traced_module(name: str) -> None:
    networks = build_networks(resolve_settings(name.split()[0], SAMPLES[name], base_channels=8, latent_dimension=5))
    used = {part for network in networks.values() for path, _ in network.named_modules() for part in path.split(".")}
    assert {part for part in used if part and hasattr(GraphModule, part)} == set()
