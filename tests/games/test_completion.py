"""Picture completion: the losses in closed form, and what is kept of a picture."""

import math
from dataclasses import replace

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from ganops.config import CompletionSettings
from ganops.errors import ConfigurationError
from ganops.games.completion import Completion
from ganops.games.recipes import RECIPES
from ganops.games.request import GenerationRequest
from ganops.noise import Noise
from ganops.objectives.build import build_objective

from ..parameters import images, resolve_settings

NOISE = Noise(0, 0, 3)
IMAGES = torch.linspace(-1, 1, 3 * 64).reshape(3, 1, 8, 8)
HOLE = torch.zeros(1, 1, 8, 8)
HOLE[:, :, 2:6, 2:6] = 1


class Constant(nn.Module):
    """Fills every pixel with one value; it records its arguments."""

    def forward(self, images, masks):
        self.images, self.masks = images, masks
        return torch.full_like(images, 0.5)


class Quadratic(nn.Module):
    """D(x, M) = ‖x‖² / 2, whose gradient by x is x."""

    def forward(self, with_mask):
        assert torch.equal(with_mask[:, 1:], HOLE.expand(len(with_mask), -1, -1, -1))
        return 0.5 * with_mask[:, :1].square().flatten(1).sum(1, keepdim=True)


def completion():
    return Completion(build_objective("non_saturating"), 1, "centre", 0.25)


def networks():
    return {"generator": Constant(), "discriminator": Quadratic()}


def losses(player, **weights):
    values = {"r1_gamma": 0.0, "l1_weight": 0.0, **weights}
    return completion().losses(player, networks(), {"image": IMAGES}, NOISE, values, {}).terms


def test_l1_is_the_mean_absolute_difference_in_the_hole():
    expected = ((0.5 - IMAGES).abs() * HOLE).flatten(1).sum(1) / 16
    torch.testing.assert_close(losses("generator", l1_weight=10.0)["loss/l1"], 10 * expected)


def test_r1_is_half_gamma_times_the_squared_gradient_at_the_originals():
    expected = 3.0 / 2 * IMAGES.square().flatten(1).sum(1)
    torch.testing.assert_close(losses("discriminator", r1_gamma=3.0)["penalty/r1"], expected)
    alone = completion().penalties("discriminator", networks(), {"image": IMAGES}, NOISE, {"r1_gamma": 3.0}, {})
    torch.testing.assert_close(alone.terms["penalty/r1"], expected)
    assert "penalty/r1" not in losses("discriminator")


def test_the_discriminator_sees_the_completed_picture():
    completed = torch.where(HOLE > 0, 0.5, IMAGES)
    logits = [0.5 * images.square().flatten(1).sum(1, keepdim=True) for images in (IMAGES, completed)]
    expected = nn.functional.softplus(-logits[0]) + nn.functional.softplus(logits[1])
    torch.testing.assert_close(losses("discriminator")["loss/discriminator"], expected)


def test_known_pixels_are_kept_bit_for_bit():
    inputs = completion().draw_inputs(GenerationRequest(n=3), NOISE, {"image": IMAGES})
    completed = completion().sample(networks(), inputs)
    known = (HOLE == 0).expand_as(IMAGES)
    assert torch.equal(completed[known], IMAGES[known]) and (completed[~known] == 0.5).all()


def test_mean_colour_is_that_of_the_known_pixels():
    filled = completion().baselines["mean_colour"]({"image": IMAGES, "mask": HOLE.expand(3, -1, -1, -1)})
    expected = IMAGES[(HOLE == 0).expand_as(IMAGES)].reshape(3, -1).mean(1)
    found = filled[:, 0, 3, 3].float() / 127.5 - 1
    torch.testing.assert_close(found, expected, atol=1.01 / 255, rtol=0)


def test_the_biharmonic_baseline_continues_a_ramp():
    """A plane solves the biharmonic equation."""
    rows, columns = torch.meshgrid(torch.linspace(-0.6, 0.6, 16), torch.linspace(-0.3, 0.3, 16), indexing="ij")
    plane, mask = (rows + columns).expand(2, 3, -1, -1), torch.zeros(2, 1, 16, 16)
    mask[:, :, 5:10, 6:12] = 1
    damaged = torch.where(mask > 0, 1.0, plane)
    filled = completion().baselines["biharmonic"]({"image": damaged, "mask": mask})
    torch.testing.assert_close(filled.float() / 127.5 - 1, plane, atol=2 / 255, rtol=0)


def test_metrics_of_the_hole_in_closed_form():
    """A difference of a fifth of the range: L1 0.2, and 10 log10 25 dB. What is known does not count."""
    samples, targets = torch.full((2, 1, 8, 8), 51, dtype=torch.uint8), torch.zeros(2, 1, 8, 8, dtype=torch.uint8)
    samples[(HOLE == 0).expand_as(samples)] = 200
    conditions, metrics = {"mask": HOLE.expand(2, -1, -1, -1)}, completion().paired_metrics
    assert math.isclose(metrics["l1_hole"](samples, targets, conditions), 0.2, rel_tol=1e-6)
    assert math.isclose(metrics["psnr_hole"](samples, targets, conditions), 10 * math.log10(25), rel_tol=1e-6)
    assert math.isfinite(metrics["psnr_hole"](targets, targets, conditions))


def test_a_mask_of_the_request_is_kept_and_a_missing_one_drawn_from_its_seed():
    game = Completion(build_objective("hinge"), 1, "irregular", 0.3)
    one, same, other = (
        game.draw_inputs(GenerationRequest(n=3), Noise(seed, 0, 3), {"image": IMAGES})["mask"] for seed in (0, 0, 1)
    )
    assert torch.equal(one, same) and not torch.equal(one, other)
    given = game.draw_inputs(GenerationRequest(n=3), NOISE, {"image": IMAGES, "mask": one})
    assert torch.equal(given["mask"], one) and torch.equal(given["image"], IMAGES)


class Adds(nn.Module):
    """Fills every pixel with the first number of the noise."""

    def forward(self, images, masks, noise):
        self.noise = noise
        return noise[:, :1, None, None].expand_as(images)


def several(**changed):
    return replace(completion(), noise_dimension=2, **changed)


def seek(game, weight=3.0, generator=None):
    networks_of = {"generator": generator or Adds(), "discriminator": Quadratic()}
    weights = {"r1_gamma": 0.0, "l1_weight": 0.0, "mode_seeking_weight": weight}
    return game.losses("generator", networks_of, {"image": IMAGES}, NOISE, weights, {}).terms


def test_the_mode_seeking_term_is_the_inverse_of_the_ratio_of_the_distances():
    first, second = (NOISE.normal(stream, (2,)) for stream in ("noise", "other_noise"))
    of_samples, of_noise = (first - second)[:, 0].abs(), (first - second).abs().mean(1)
    expected = 3.0 / (of_samples / of_noise + 0.1)
    torch.testing.assert_close(seek(several())["loss/mode_seeking"], expected)
    assert "loss/mode_seeking" not in seek(several(), weight=0.0)


def test_a_generator_that_ignores_noise_has_the_largest_term():
    class Deaf(Adds):
        def forward(self, images, masks, noise):
            return torch.zeros_like(images)

    assert (seek(several(), 1.0, Deaf())["loss/mode_seeking"] == 10.0).all()


def test_noise_is_drawn_for_each_sample_by_its_address_and_known_pixels_stay():
    game, networks_of = several(), {"generator": Adds()}
    known = {"image": IMAGES[:1]}
    inputs = game.draw_inputs(GenerationRequest(n=3), NOISE, known)
    made = game.sample(networks_of, inputs)
    assert len({float(one[0, 3, 3]) for one in made}) == 3
    assert torch.equal(made[:, :, 0], IMAGES[:1].expand_as(made)[:, :, 0])
    second = game.draw_inputs(GenerationRequest(n=1), Noise(0, 1, 1), known)
    assert torch.equal(game.sample(networks_of, second), made[1:2])


@pytest.mark.parametrize("mask", ["box", "irregular"])
def test_several_completions_are_of_one_hole(mask):
    """Where none is given too: the one that is drawn for the first."""
    game = several(mask=mask)
    found = game.draw_inputs(GenerationRequest(n=3), NOISE, {"image": IMAGES[:1]})["mask"]
    assert torch.equal(found, found[:1].expand_as(found))
    alone = game.draw_inputs(GenerationRequest(n=1), Noise(0, 0, 1), {"image": IMAGES[:1]})["mask"]
    assert torch.equal(found[:1], alone)
    pictures = IMAGES[:1].expand(3, *IMAGES.shape[1:])
    of_three = game.draw_inputs(GenerationRequest(n=3), NOISE, {"image": pictures})["mask"]
    assert not torch.equal(of_three[0], of_three[1])


@pytest.mark.parametrize("changed", [{"mask": "files"}, {"coverage": None}])
def test_masks_that_are_drawn_have_a_coverage_and_those_of_files_none(changed):
    with pytest.raises(ConfigurationError, match=r"game\.mask and training\.game\.coverage"):
        RECIPES["completion"].game.replace(changed)


def test_a_request_asks_for_several_completions_where_there_is_noise_alone():
    asked = {"image": "x", "n": 5}
    assert several().request.model_validate(asked).n == 5
    with pytest.raises(ValidationError):
        completion().request.model_validate(asked)
    with pytest.raises(ValidationError):
        several(mask="files", coverage=None).request.model_validate(asked)
    assert several(mask="files", coverage=None).request.model_validate({**asked, "mask": "x"}).n == 5


def test_diversity_is_measured_where_there_is_noise():
    assert not completion().diversity_metrics
    metric = several().diversity_metrics["pairwise_l1_hole"]
    one, other = torch.zeros(3, 1, 8, 8), torch.full((3, 1, 8, 8), 51.0)
    assert metric(one.byte(), other.byte(), {"mask": HOLE.expand(3, -1, -1, -1)}) == pytest.approx(0.2)


def settings_of(**values):
    game = resolve_settings("completion", images(1, 8, 8), **values).game
    assert isinstance(game, CompletionSettings)
    return game.noise_dimension, game.mode_seeking_weight


def test_settings_have_the_term_with_noise_and_not_without():
    assert settings_of() == (0, 0)
    assert settings_of(noise_dimension=8) == (8, 0.1)
    assert settings_of(noise_dimension=8, mode_seeking_weight=0.0) == (8, 0)
    with pytest.raises(ConfigurationError, match=r"mode_seeking_weight: expected 0 without noise"):
        settings_of(mode_seeking_weight=1.0)


class Levels(Quadratic):
    """Its maps are the pictures, and twice the pictures."""

    def features(self, with_mask):
        return [with_mask[:, :1], 2 * with_mask]


def test_feature_matching_is_the_mean_distance_of_the_maps_over_the_layers():
    """In the hole alone; the second layer has twice the difference in one of two channels, the mask in the other."""
    networks_of = {"generator": Constant(), "discriminator": Levels()}
    weights = {"r1_gamma": 0.0, "l1_weight": 0.0, "feature_matching_weight": 5.0}
    terms = completion().losses("generator", networks_of, {"image": IMAGES}, NOISE, weights, {}).terms
    distance = ((0.5 - IMAGES).abs() * HOLE).flatten(1).mean(1)
    torch.testing.assert_close(terms["loss/feature_matching"], 5 * (distance + 2 * distance / 2) / 2)
    assert "loss/feature_matching" not in losses("generator")
