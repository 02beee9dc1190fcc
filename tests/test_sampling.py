from typing import ClassVar

import pytest
import torch
from pydantic import ValidationError

from ganops.config import FieldName
from ganops.errors import RequestError
from ganops.games.build import build_game
from ganops.games.game import Game
from ganops.games.latent import LatentGame
from ganops.games.request import GenerationRequest, LatentRequest
from ganops.networks.build import build_networks
from ganops.noise import Noise
from ganops.sampling import CHUNK, Sampler
from ganops.torch_private import BatchNorm

from .parameters import LATENT_RECIPES, images, resolve_settings
from .parameters import points as points_of


@pytest.fixture(scope="module", params=LATENT_RECIPES)
def generator(request):
    sizes = {"base_channels": 8, "latent_dimension": 6}
    settings = resolve_settings(request.param, images(3, 16, 20, 4), conditional=True, **sizes)
    game, networks = build_game(settings), build_networks(settings)
    measure_statistics(game, networks)
    networks = {name: network.eval() for name, network in networks.items()}
    return Sampler(game, networks, (0.5, 0.0, 0.25, 0.25), torch.device("cpu"), 1)


@torch.no_grad()
def measure_statistics(game, networks):
    """Set the running statistics to those of one batch: with the initial ones the samples may not differ at all."""
    for module in (module for network in networks.values() for module in network.modules()):
        if isinstance(module, BatchNorm):
            module.momentum = 1.0
    game.sample(networks, game.draw_inputs(LatentRequest(n=64), Noise(0, 0, 64), {"label": torch.arange(64) % 4}))


def test_labels_are_as_frequent_as_in_the_training_data(generator):
    labels = generator.generate(LatentRequest(n=2000, seed=0)).labels
    shares = torch.bincount(labels, minlength=4) / 2000
    torch.testing.assert_close(shares, torch.tensor([0.5, 0.0, 0.25, 0.25]), atol=0.04, rtol=0)
    assert shares[1] == 0


def test_the_requested_class_is_generated_and_an_unknown_one_refused(generator):
    assert (generator.generate(LatentRequest(n=5, class_label=2)).labels == 2).all()
    with pytest.raises(RequestError, match="expected 0 to 3, received 4"):
        generator.generate(LatentRequest(class_label=4))


@pytest.mark.parametrize(
    "wrong",
    [{"n": 0}, {"seed": -1}, {"truncation": 1.5}, {"truncation": 0}, {"colour": "red"}, {"n": True}, {"seed": "7"}],
)
def test_an_invalid_request_is_refused(wrong):
    with pytest.raises(ValidationError):
        LatentRequest(**wrong)


class Echo(LatentGame):
    """A game whose samples are its latents."""

    generates: FieldName = "point"
    players: ClassVar[dict[str, tuple[str, ...]]] = {}
    inference_networks = ()

    conditional = False

    def __init__(self, dimension):
        self.latent_dimension = dimension

    def losses(self, player, networks, batch, noise, weights, buffers):
        raise NotImplementedError

    def sample(self, networks, inputs):
        return inputs["latent"] / 4


class CopyPoint(Game):
    """A game that needs a point to copy."""

    generates: FieldName = "point"
    players: ClassVar[dict[str, tuple[str, ...]]] = {}
    inference_networks = ()

    conditions = ("point",)

    def draw_inputs(self, request, noise, conditions, stream="request"):
        return {"point": conditions["point"]}

    def reads(self):
        raise NotImplementedError

    def losses(self, player, networks, batch, noise, weights, buffers):
        raise NotImplementedError

    def sample(self, networks, inputs):
        return inputs["point"] / 4


def test_missing_condition_is_refused():
    sampler = Sampler(CopyPoint(), {}, (), torch.device("cpu"), 1)
    with pytest.raises(RequestError, match="point: expected a value, received none"):
        sampler.generate(GenerationRequest(n=1))
    points = torch.arange(2.0 * (CHUNK + 1)).reshape(-1, 2)
    assert torch.equal(sampler.generate(GenerationRequest(n=CHUNK + 1), {"point": points}).values, points)


def test_an_interpolation_needs_latents():
    sampler = Sampler(CopyPoint(), {}, (), torch.device("cpu"), 1)
    with pytest.raises(RequestError, match="expected a generator of latents, received one whose samples follow from p"):
        sampler.interpolate(0, 1, 5, None)


def test_truncation_shrinks_the_latents():
    generator = Sampler(Echo(4), {}, (), torch.device("cpu"), 1)
    whole, half = (generator.generate(LatentRequest(n=200, truncation=scale)).values for scale in (1.0, 0.5))
    assert torch.equal(half, 0.5 * whole)


@pytest.mark.parametrize("end_seed", range(1, 9))
def test_an_interpolation_moves_evenly_along_the_circle_and_between_the_lengths_of_its_ends(end_seed):
    path = Sampler(Echo(2), {}, (), torch.device("cpu"), 1).interpolate(0, end_seed, 11, None)
    lengths, x, y = path.norm(dim=1), *path.double().unbind(1)
    torch.testing.assert_close(lengths, torch.linspace(lengths[0], lengths[-1], 11))
    angles = torch.atan2(x[:-1] * y[1:] - y[:-1] * x[1:], x[:-1] * x[1:] + y[:-1] * y[1:])
    torch.testing.assert_close(angles, angles.mean().expand(10), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("end_seed", range(1, 9))
def test_an_interpolation_of_latents_of_one_number_is_a_line(end_seed):
    path = Sampler(Echo(1), {}, (), torch.device("cpu"), 1).interpolate(0, end_seed, 5, None)[:, 0]
    torch.testing.assert_close(path, torch.linspace(path[0], path[-1], 5))
    assert path[0] != path[-1]


def test_an_interpolation_needs_a_class_and_two_seeds(generator):
    with pytest.raises(RequestError, match="class_label: expected 0 to 3, received None"):
        generator.interpolate(1, 2, steps=5, class_label=None)
    with pytest.raises(RequestError, match="another seed"):
        generator.interpolate(1, 1, steps=5, class_label=0)


def test_an_interpolation_begins_and_ends_at_its_seeds(generator):
    path = generator.interpolate(1, 2, steps=5, class_label=0)
    ends = [generator.generate(LatentRequest(seed=seed, class_label=0)).values[0] for seed in (1, 2)]
    for picture, end in zip((path[0], path[-1]), ends, strict=True):
        assert (picture.int() - end.int()).abs().max() <= 1


def test_an_eased_interpolation_has_the_same_ends_and_middle_and_starts_slowly(generator):
    even, eased = (generator.interpolate(1, 2, 9, class_label=0, eased=eased).int() for eased in (False, True))
    for place in (0, 4, 8):
        assert (even[place] - eased[place]).abs().max() <= 1
    first_step_even, first_step_eased = ((path[1] - path[0]).abs().float().mean() for path in (even, eased))
    # The first of eight steps is (1 − cos(π/8)) / 2 = 0.038 of the way in place of 0.125.
    assert first_step_eased < 0.6 * first_step_even


def test_points_have_the_units_of_the_data():
    settings = resolve_settings("dcgan", points_of(3), base_channels=8, latent_dimension=6)
    networks = build_networks(settings)
    generator = Sampler(build_game(settings), networks, (), torch.device("cpu"), 1)
    points = generator.generate(LatentRequest(n=CHUNK + 3, seed=2)).values
    latents = Noise(2, 0, CHUNK + 3).normal("request/latent", (6,))
    torch.testing.assert_close(points, 4 * networks["generator"](latents).detach())
