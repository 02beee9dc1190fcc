import torch

from ganops.augment import augment, translate
from ganops.noise import Noise


def test_translation_moves_whole_pixels_and_fills_with_black():
    picture = torch.arange(6.0).reshape(1, 1, 2, 3) / 10
    moved = translate(picture, torch.tensor([1]), torch.tensor([-1]))
    expected = torch.tensor([[-1.0, -1.0, -1.0], [0.1, 0.2, -1.0]])
    torch.testing.assert_close(moved[0, 0], expected)


def test_a_shift_by_nothing_changes_nothing():
    pictures = torch.rand(4, 3, 8, 8)
    torch.testing.assert_close(augment(pictures, Noise(0, 0, 4), "real", probability=0.0), pictures)


def test_shifts_are_addressed_and_bounded_by_an_eighth():
    pictures = torch.full((64, 1, 16, 16), -1.0)
    pictures[:, :, 8, 8] = 1.0
    moved = augment(pictures, Noise(0, 0, 64), "real", probability=1.0)
    again = augment(pictures[10:20], Noise(0, 10, 10), "real", probability=1.0)
    assert torch.equal(moved[10:20], again)
    rows, columns = (moved[:, 0] == 1).nonzero()[:, 1:].T
    assert rows.min() == columns.min() == 6 and rows.max() == columns.max() == 10


def test_the_gradient_is_the_opposite_shift():
    pictures = torch.rand(1, 1, 4, 4, requires_grad=True)
    moved = translate(pictures, torch.tensor([2]), torch.tensor([0]))
    (gradient,) = torch.autograd.grad(moved[0, 0, 3, 1], pictures)
    expected = torch.zeros(4, 4)
    expected[1, 1] = 1
    assert torch.equal(gradient[0, 0], expected)
