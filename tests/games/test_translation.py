"""Paired translation: the losses in closed form, and what its baseline and its metrics are."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from ganops.data.encodings import encode_images
from ganops.games.request import GenerationRequest
from ganops.games.translation import Translation
from ganops.noise import Noise
from ganops.objectives.build import build_objective

NOISE = Noise(0, 0, 3)
INPUTS = torch.linspace(-1, 1, 3 * 64).reshape(3, 1, 8, 8)
TARGETS = torch.linspace(-0.5, 1, 3 * 3 * 64).reshape(3, 3, 8, 8)
BATCH = {"input": INPUTS, "image": TARGETS}


class Halved(nn.Module):
    """Half of the input, for each colour."""

    def forward(self, inputs):
        return 0.5 * inputs.expand(-1, 3, -1, -1)


class Quadratic(nn.Module):
    """Four logits of a picture and its input: D(y, x) = ‖y‖² / 2 and their sum with ‖x‖², twice each."""

    def forward(self, maps):
        own, of_input = (part.square().flatten(1).sum(1) for part in (maps[:, :3], maps[:, 3:]))
        return torch.stack([0.5 * own, 0.5 * own + of_input] * 2, dim=1).reshape(-1, 1, 2, 2)


def translation(channels=3):
    return Translation(build_objective("non_saturating"), 1, channels)


def networks():
    return {"generator": Halved(), "discriminator": Quadratic()}


def losses(player, **weights):
    values = {"r1_gamma": 0.0, "l1_weight": 0.0, **weights}
    return translation().losses(player, networks(), BATCH, NOISE, values, {}).terms


def test_l1_is_the_mean_absolute_difference_to_the_target():
    expected = (0.5 * INPUTS - TARGETS).abs().mean((1, 2, 3))
    torch.testing.assert_close(losses("generator", l1_weight=100.0)["loss/l1"], 100 * expected)


def test_the_discriminator_reads_pictures_with_their_input():
    real, fake = (Quadratic()(torch.cat([y, INPUTS], dim=1)) for y in (TARGETS, Halved()(INPUTS)))
    expected = nn.functional.softplus(-real) + nn.functional.softplus(fake)
    torch.testing.assert_close(losses("discriminator")["loss/discriminator"], expected)
    torch.testing.assert_close(losses("generator")["loss/generator"], nn.functional.softplus(-fake))


def test_r1_is_taken_at_the_targets_alone():
    """The sum of the four logits has the gradient 4 y."""
    expected = 3.0 / 2 * (4 * TARGETS).square().flatten(1).sum(1)
    torch.testing.assert_close(losses("discriminator", r1_gamma=3.0)["penalty/r1"], expected)


def test_a_translation_depends_on_the_input_alone():
    one, other = (
        translation().draw_inputs(GenerationRequest(n=3), Noise(seed, 0, 3), {"input": INPUTS}) for seed in (0, 1)
    )
    assert torch.equal(translation().sample(networks(), one), translation().sample(networks(), other))


@pytest.mark.parametrize("inputs, channels", [(1, 1), (1, 3), (3, 1), (3, 3), (1, 4)])
def test_the_identity_is_the_input_in_the_targets_channels(inputs, channels):
    stored = np.random.default_rng(0).integers(0, 256, (2, inputs, 5, 7), dtype=np.uint8)
    found = translation(channels).baselines["identity"]({"input": encode_images(torch.from_numpy(stored))}).numpy()
    assert found.shape == (2, channels, 5, 7)
    grey = np.stack([np.asarray(Image.fromarray(one.transpose(1, 2, 0).squeeze()).convert("L")) for one in stored])
    expected = stored if inputs == channels else np.repeat(grey[:, None], channels, axis=1)
    colours = 1 if channels < 3 else 3
    np.testing.assert_array_equal(found[:, :colours], expected[:, :colours])
    assert (found[:, colours:] == 255).all()


def test_metrics_in_closed_form():
    """A difference of a fifth of the range: L1 0.2, and 10 log10 25 dB."""
    samples, targets = torch.full((2, 3, 8, 8), 51, dtype=torch.uint8), torch.zeros(2, 3, 8, 8, dtype=torch.uint8)
    metrics = translation().paired_metrics
    assert math.isclose(metrics["l1"](samples, targets, {}), 0.2, rel_tol=1e-6)
    assert math.isclose(metrics["psnr"](samples, targets, {}), 10 * math.log10(25), rel_tol=1e-6)
    assert math.isfinite(metrics["psnr"](targets, targets, {}))
