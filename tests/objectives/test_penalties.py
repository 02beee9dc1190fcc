import pytest
import torch

from ganops.objectives.penalties import squared_gradient


def test_of_a_linear_discriminator_it_is_half_the_squared_norm_of_its_weight():
    weight = torch.arange(12.0).reshape(3, 4)
    pictures = torch.randn(5, 3, 4, requires_grad=True)
    logits = (pictures * weight).flatten(1).sum(1, keepdim=True)
    assert squared_gradient(logits, pictures) == pytest.approx(0.5 * float((weight**2).sum()))


def test_it_can_itself_be_differentiated():
    """D(x) = a ‖x‖² / 2 has ∇ₓD = a x, hence ∂/∂a ½‖∇ₓD‖² = a ‖x‖²."""
    a = torch.tensor(3.0, requires_grad=True)
    pictures = torch.tensor([[1.0, 2.0], [0.0, -1.0]], requires_grad=True)
    logits = (0.5 * a * pictures.square().sum(1))[:, None]
    squared_gradient(logits, pictures).sum().backward()
    assert a.grad == pytest.approx(3.0 * 6.0)
