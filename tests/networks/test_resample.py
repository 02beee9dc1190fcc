import pytest
import torch

from ganops.networks.resample import downsample2x, upsample2x

SIZES = [(8, 8), (7, 5), (6, 9), (1, 1)]


def line(size):
    """Return the matrix of downsampling in one direction, from its definition: ⌈size / 2⌉ × size."""
    matrix = torch.zeros(-(-size // 2), size, dtype=torch.float64)
    for row in range(len(matrix)):
        for offset, weight in ((-1, 0.25), (0, 0.5), (1, 0.25)):
            if 0 <= 2 * row + offset < size:
                matrix[row, 2 * row + offset] = weight
    return matrix


def maps(height, width):
    return torch.randn(2, 3, height, width, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("height, width", SIZES)
def test_downsampling_is_its_definition_in_each_direction(height, width):
    pictures = maps(height, width)
    torch.testing.assert_close(downsample2x(pictures), line(height) @ pictures @ line(width).T)


def test_upsampling_keeps_the_centre_of_each_pixel_and_repeats_the_edge():
    row = torch.tensor([[1.0, 5.0, 9.0]]).expand(3, 3)[None, None]
    assert upsample2x(row)[0, 0, 2].tolist() == [1.0, 2.0, 4.0, 6.0, 8.0, 9.0]


def test_upsampling_is_that_of_torch_and_so_is_its_gradient():
    ours, theirs = (maps(5, 7).requires_grad_() for _ in range(2))
    gradient = maps(10, 14)
    wide = torch.nn.functional.interpolate(theirs, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(upsample2x(ours), wide)
    upsample2x(ours).backward(gradient)
    wide.backward(gradient)
    torch.testing.assert_close(ours.grad, theirs.grad)


@pytest.mark.parametrize("height, width", [(4, 4), (3, 4)])
@pytest.mark.parametrize("resample", [downsample2x, upsample2x])
def test_gradients_are_right_to_the_second_order(resample, height, width):
    pictures = maps(height, width)[:1, :1].requires_grad_()
    assert torch.autograd.gradcheck(resample, pictures)
    assert torch.autograd.gradgradcheck(lambda x: resample(x).square(), pictures)
