"""The generator of FastGAN: what its parts compute, and that z keeps its effect beside the class."""

import torch

from ganops.networks.fastgan import Excitation, Generator, apply_gates
from ganops.networks.layers import initialise, level_widths

from ..parameters import images


def test_each_coarser_level_has_twice_as_many_channels_up_to_eight_times() -> None:
    assert level_widths(16, 4) == [128, 128, 64, 32, 16]
    assert level_widths(16, 2) == [64, 32, 16]


def test_gates_are_a_gated_linear_unit() -> None:
    maps = torch.randn(2, 6, 3, 5).contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(apply_gates(maps), torch.nn.functional.glu(maps, dim=1))


def test_an_excitation_scales_channels_by_numbers_from_0_to_1() -> None:
    torch.manual_seed(0)
    factors = Excitation(4, 6)(torch.randn(3, 4, 7, 7))
    assert factors.shape == (3, 6, 1, 1) and factors.min() > 0 and factors.max() < 1


def test_latents_and_classes_both_change_the_picture_and_neither_hides_the_other() -> None:
    """After batch normalisation the variance within a class is of the order of that between classes, not less."""
    generator = initialise(Generator(16, 4, images(3, 32, 32, 2)), "generator", 0).train()
    latent, label = torch.randn(64, 16, generator=torch.Generator().manual_seed(0)), torch.arange(64) % 2
    pictures = generator(latent, label).detach()
    within = torch.stack([pictures[label == one].var(0).mean() for one in (0, 1)]).mean()
    between = torch.stack([pictures[label == one].mean(0) for one in (0, 1)]).var(0).mean()
    assert within > between > 0
