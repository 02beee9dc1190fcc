"""The completer with noise, and the maps of its discriminator."""

import torch

from ganops.networks.build import build_networks
from ganops.networks.dcgan import Discriminator
from ganops.networks.layers import to_vectors

from ..parameters import images, resolve_settings


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_each_number_of_the_noise_is_a_map_of_its_own() -> None:
    networks = build_networks(resolve_settings("completion", images(3, 12, 9), base_channels=4, noise_dimension=2))
    generator, pictures, masks = networks["generator"], draw(1, 3, 12, 9), torch.ones(1, 1, 12, 9)
    assert generator.get_parameter("first.weight").shape[1] == 3 + 1 + 2
    made = [generator(pictures, masks, torch.tensor([noise])) for noise in ([0.0, 0.0], [1.0, 0.0], [0.0, 1.0])]
    assert all((one - made[0]).abs().max() > 1e-4 for one in made[1:])
    again = generator(
        pictures.expand(2, -1, -1, -1), masks.expand(2, -1, -1, -1), torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    )
    torch.testing.assert_close(again, torch.cat([made[2], made[0]]))


def test_without_noise_the_weights_are_those_of_before() -> None:
    """The other layers are drawn at their addresses, whatever the first one reads."""
    plain, several = (
        build_networks(resolve_settings("completion", images(1, 8, 8), base_channels=4, noise_dimension=dimension))
        for dimension in (None, 3)
    )
    ours, theirs = (dict(networks["generator"].named_parameters()) for networks in (plain, several))
    assert [name for name in ours if ours[name].shape != theirs[name].shape] == ["first.weight"]
    assert all(torch.equal(ours[name], theirs[name]) for name in ours if name != "first.weight")


def test_the_maps_of_the_discriminator_end_in_what_its_head_reads() -> None:
    settings = resolve_settings("completion", images(1, 12, 9), base_channels=4)
    discriminator = build_networks(settings)["discriminator"]
    assert isinstance(discriminator, Discriminator)
    with_mask = draw(2, 2, 12, 9)
    maps = discriminator.features(with_mask)
    assert len(maps) == len(discriminator.downs) and torch.equal(maps[0], discriminator.downs[0](with_mask))
    assert torch.equal(discriminator.head(to_vectors(maps[-1]), None), discriminator(with_mask))
