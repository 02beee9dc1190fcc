import math

import numpy as np
import pytest
import torch

from ganops.augment import adapt, augment, translate
from ganops.config import AugmentationPolicy
from ganops.noise import Noise

from .reference.augment import diffaugment, translation

POLICIES: tuple[AugmentationPolicy, ...] = ("translation", "diffaugment")
SHAPES = [(1, 28, 28), (2, 12, 9), (3, 16, 20), (4, 7, 13), (3, 1, 1)]


def pictures_of(count: int, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.rand(count, *shape, generator=torch.Generator().manual_seed(3), dtype=dtype) * 2 - 1


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("p", [0.3, 1.0])
@pytest.mark.parametrize(
    ("policy", "count", "reference"), [("translation", 3, translation), ("diffaugment", 12, diffaugment)]
)
def test_each_picture_equals_the_formula_of_the_paper(shape, p, policy, count, reference):
    pictures, noise = pictures_of(40, shape), Noise(5, 0, 40)
    augmented = augment(pictures, noise, "real", p, policy)
    draws = noise.uniform("augment/real", (count,)).double().numpy()
    one_by_one = [reference(x, u, p) for x, u in zip(pictures.double().numpy(), draws, strict=True)]
    assert augmented.dtype == torch.float32
    np.testing.assert_allclose(augmented.numpy(), np.stack(one_by_one), atol=2e-6)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_first_and_second_gradients(policy, channels):
    pictures = pictures_of(2, (channels, 5, 5), torch.float64).requires_grad_()

    def augmented(pictures):
        return augment(pictures, Noise(0, 0, 2), "fake", 1.0, policy)

    assert torch.autograd.gradcheck(augmented, pictures)
    assert torch.autograd.gradgradcheck(augmented, pictures, fast_mode=True)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_slice_is_augmented_as_in_the_whole(policy):
    pictures = pictures_of(64, (3, 16, 16))
    whole = augment(pictures, Noise(0, 0, 64), "real", 0.5, policy)
    part = augment(pictures[10:20], Noise(0, 10, 10), "real", 0.5, policy)
    torch.testing.assert_close(whole[10:20], part, rtol=0, atol=1e-6 if policy == "diffaugment" else 0)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_a_probability_may_be_a_number_or_a_tensor(policy, p):
    pictures, noise = pictures_of(16, (3, 8, 8)), Noise(0, 0, 16)
    by_number = augment(pictures, noise, "real", p, policy)
    assert torch.equal(augment(pictures, noise, "real", torch.tensor(p), policy), by_number)
    assert torch.equal(by_number, pictures) or p > 0 or policy == "translation"


@pytest.mark.parametrize("policy", POLICIES)
def test_memory_format_and_precision_do_not_matter(policy):
    pictures, noise = pictures_of(8, (3, 12, 16)), Noise(0, 0, 8)
    expected = augment(pictures, noise, "real", 1.0, policy)
    by_channel = augment(pictures.to(memory_format=torch.channels_last), noise, "real", 1.0, policy)
    torch.testing.assert_close(by_channel, expected, rtol=0, atol=1e-6)
    halved = augment(pictures.bfloat16(), noise, "real", 1.0, policy)
    assert halved.dtype == torch.bfloat16
    torch.testing.assert_close(halved.float(), expected, rtol=0, atol=0.03)


def test_another_stream_is_another_augmentation():
    pictures, noise = pictures_of(8, (3, 8, 8)), Noise(0, 0, 8)
    real, fake = (augment(pictures, noise, stream, 1.0, "diffaugment") for stream in ("real", "fake"))
    assert not torch.isclose(real, fake).flatten(1).all(1).any()


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_probability_is_the_share_of_augmented_pictures(p):
    """A shift is by nothing in one of 5 · 5 cases; the five transformations are independent of one another."""
    count = 4000
    pictures = pictures_of(count, (3, 16, 16))
    shifted = p * 24 / 25
    for policy, share in zip(POLICIES, (shifted, 1 - (1 - p) ** 4 * (1 - shifted)), strict=True):
        augmented = augment(pictures, Noise(1, 0, count), "real", p, policy)
        found = (augmented - pictures).abs().flatten(1).max(1).values > 1e-6
        assert found.float().mean().item() == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / count))


def test_a_constant_picture_changes_only_in_brightness_outside_the_hole():
    augmented = augment(torch.full((2000, 3, 8, 8), 2.0), Noise(2, 0, 2000), "real", 1.0, "diffaugment")
    brightness = augmented.flatten(1).max(1).values - 2
    assert ((augmented == 0) | torch.isclose(augmented, 2 + brightness.view(-1, 1, 1, 1))).all()
    quantiles = brightness.quantile(torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0]))
    torch.testing.assert_close(quantiles, torch.linspace(-0.5, 0.5, 5), rtol=0, atol=0.03)


def test_a_hole_is_a_half_by_a_half_unless_it_is_cut_off():
    noise = Noise(0, 0, 500)
    augmented = augment(torch.full((500, 1, 12, 20), 2.0), noise, "real", 1.0, "diffaugment")[:, 0]
    draws = noise.uniform("augment/real", (12,))
    # Of a hole about the middle nothing lies where a shift brings in zeros, at the edges.
    inner = ((draws[:, 10:] - 0.5).abs() < 0.08).all(1)
    holes = (augmented[inner, 2:-2, 3:-3] == 0).flatten(1).sum(1)
    assert len(holes) > 5 and (holes == 6 * 10).all()


def test_translation_moves_whole_pixels_and_fills_with_black():
    picture = torch.arange(6.0).reshape(1, 1, 2, 3) / 10
    moved = translate(picture, torch.tensor([1]), torch.tensor([-1]))
    expected = torch.tensor([[-1.0, -1.0, -1.0], [0.1, 0.2, -1.0]])
    torch.testing.assert_close(moved[0, 0], expected)


@pytest.mark.parametrize(("rows", "columns"), [(0, 5), (0, -5), (4, 0), (-4, 0), (99, -99)])
def test_a_picture_shifted_by_its_size_is_black(rows, columns):
    moved = translate(pictures_of(3, (2, 4, 5)), torch.tensor([0, rows, 0]), torch.tensor([0, columns, 0]))
    assert (moved[1] == -1).all()
    torch.testing.assert_close(moved[::2], pictures_of(3, (2, 4, 5))[::2])


def test_a_shift_by_zero_changes_nothing():
    pictures = pictures_of(4, (3, 8, 8))
    torch.testing.assert_close(augment(pictures, Noise(0, 0, 4), "real", probability=0.0), pictures)


def test_shifts_are_bounded_by_an_eighth():
    pictures = torch.full((64, 1, 16, 16), -1.0)
    pictures[:, :, 8, 8] = 1.0
    moved = augment(pictures, Noise(0, 0, 64), "real", probability=1.0)
    rows, columns = (moved[:, 0] == 1).nonzero()[:, 1:].T
    assert rows.min() == columns.min() == 6 and rows.max() == columns.max() == 10


def test_the_gradient_is_the_opposite_shift():
    pictures = torch.rand(1, 1, 4, 4, requires_grad=True)
    moved = translate(pictures, torch.tensor([2]), torch.tensor([0]))
    (gradient,) = torch.autograd.grad(moved[0, 0, 3, 1], pictures)
    expected = torch.zeros(4, 4)
    expected[1, 1] = 1
    assert torch.equal(gradient[0, 0], expected)


@pytest.mark.parametrize("mean_sign, expected", [(1.0, 0.35), (0.75, 0.35), (0.5, 0.25), (0.25, 0.15), (-1.0, 0.15)])
def test_p_rises_above_the_target_and_falls_below(mean_sign, expected):
    """Of 50,000 reals; the target of r is 1/2."""
    p, total, count = (torch.tensor(value) for value in (0.25, mean_sign * 50_000.0, 50_000.0))
    adapt(p, total, count, 0.5)
    assert p.item() == pytest.approx(expected, abs=1e-6)
    assert total == count == 0


def test_p_takes_500_thousand_images_from_0_to_1_and_stays_a_probability():
    p, path = torch.tensor(0.0), []
    for step in range(1500):
        count = torch.tensor(1000.0)
        adapt(p, count if step < 1000 else -count, count.clone(), 0.6)
        path.append(p.item())
    expected = [min(1.0, step / 500) for step in range(1, 1001)] + [1 - step / 500 for step in range(1, 501)]
    np.testing.assert_allclose(path, expected, atol=1e-4)


def test_p_stays_without_reals():
    p = torch.tensor(0.5)
    adapt(p, torch.tensor(0.0), torch.tensor(0.0), 0.6)
    assert p == 0.5
