"""Unpaired translation: PatchNCE in closed form, and which pictures each network reads."""

import math

import pytest
import torch
from torch import nn

from ganops.errors import ConfigurationError
from ganops.games.fastcut import FastCut, patch_nce
from ganops.networks.cut import Generator, Heads
from ganops.networks.layers import initialise
from ganops.noise import Noise
from ganops.objectives.build import build_objective

from ..parameters import images, resolve_settings

SPEC, NOISE = images(3, 16, 20), Noise(0, 0, 2)
INPUTS, TARGETS = torch.linspace(-1, 1, 2 * 3 * 320).reshape(2, 3, 16, 20), torch.full((2, 3, 16, 20), 0.5)


def fastcut(patches: int = 8) -> FastCut:
    return FastCut(build_objective("least_squares"), 1, 0, 1, 0.07, patches)


def networks() -> dict[str, nn.Module]:
    generator = initialise(Generator(4, SPEC), "generator", 0)
    return {"generator": generator, "heads": initialise(Heads(4, SPEC), "heads", 0), "discriminator": nn.Flatten()}


def test_patch_nce_of_orthogonal_patches() -> None:
    """Each query equals its own key: −log(e^(1/τ) / (e^(1/τ) + n − 1))."""
    vectors = torch.eye(5).expand(2, -1, -1)
    expected = math.log(1 + 4 * math.exp(-1 / 0.5))
    torch.testing.assert_close(patch_nce(vectors, vectors, 0.5), torch.full((2,), expected))


def test_patch_nce_of_equal_patches_is_that_of_a_guess() -> None:
    vectors = torch.ones(3, 7, 4)
    torch.testing.assert_close(patch_nce(vectors, vectors, 0.07), torch.full((3,), math.log(7)))


def test_negatives_are_of_the_same_picture() -> None:
    queries, keys = torch.randn(2, 5, 4), torch.randn(2, 5, 4)
    alone = torch.cat([patch_nce(queries[i : i + 1], keys[i : i + 1], 0.1) for i in range(2)])
    torch.testing.assert_close(patch_nce(queries, keys, 0.1), alone)


def test_an_output_equal_to_its_input_has_a_lower_loss_than_another() -> None:
    weights, inputs = {"nce_weight": 10.0}, {"input": INPUTS}
    own = fastcut().tie(networks(), INPUTS, TARGETS, inputs, NOISE, weights)["loss/nce"]
    other = fastcut().tie(networks(), INPUTS.flip(3), TARGETS, inputs, NOISE, weights)["loss/nce"]
    assert own.shape == (2,)
    assert (own < other).all()


def test_positions_are_distinct_and_the_picture_s_own() -> None:
    maps = torch.zeros(2, 4, 5, 6)
    chosen = fastcut(30)._draw_positions(maps, NOISE, 0)
    assert [sorted(row) for row in chosen.tolist()] == [list(range(30))] * 2
    assert chosen[0].tolist() != chosen[1].tolist()
    alone = fastcut(30)._draw_positions(maps[1:], Noise(0, 1, 1), 0)
    assert torch.equal(alone, chosen[1:])


def test_the_discriminator_reads_pictures_of_the_target_and_translations() -> None:
    game, nets = fastcut(), networks()
    values = {"r1_gamma": 0.0, "nce_weight": 0.0}
    found = game.losses("discriminator", nets, {"input": INPUTS, "image": TARGETS}, NOISE, values, {})
    torch.testing.assert_close(found.logged["logit/real"], TARGETS.flatten(1))
    torch.testing.assert_close(found.logged["logit/fake"], game.sample(nets, {"input": INPUTS}).flatten(1))


def test_both_classes_come_in_orders_of_their_own() -> None:
    assert [(read.name, read.field, read.where) for read in fastcut().reads()] == [
        ("input", "image", 0),
        ("image", "image", 1),
    ]


@pytest.mark.parametrize("size", [(4, 4), (7, 9), (28, 28), (32, 48)])
def test_translations_have_the_size_of_their_inputs(size: tuple[int, int]) -> None:
    spec = images(1, *size)
    pictures = torch.rand(2, 1, *size)
    generator = Generator(2, spec)
    assert generator(pictures).shape == pictures.shape
    levels = generator.encode(pictures)
    positions = [torch.zeros(2, 1, dtype=torch.int64) for _ in levels]
    assert [vectors.shape for vectors in Heads(2, spec)(levels, positions)] == [(2, 1, 256)] * len(levels)


@pytest.mark.parametrize(
    "classes, changed, message",
    [
        (0, {}, "pictures without classes"),
        (3, {"from_class": 1, "to_class": 1}, "two numbers below 3"),
        (3, {"to_class": 3}, "two numbers below 3"),
    ],
)
def test_classes_that_cannot_be_are_refused(classes: int, changed: dict[str, int], message: str) -> None:
    from ganops.games.resolve import Hardware, resolve

    from ..parameters import training

    with pytest.raises(ConfigurationError, match=message):
        resolve(training("fastcut", **changed), images(3, 16, 16, classes), 100, Hardware("cpu", 1))


def test_requests_are_pictures_of_the_data_s_own_channels() -> None:
    assert resolve_settings("fastcut", images(3, 16, 16, 2, input_channels=1)).sample.input_channels == 3
