import pytest
import torch
from torch import nn

from ganops.objectives.penalties import gradient_penalty, interpolate_samples, squared_gradient

PENALTIES = [squared_gradient, gradient_penalty]


@pytest.mark.parametrize(
    "penalty, expected",
    [(squared_gradient, lambda norm: norm**2 / 2), (gradient_penalty, lambda norm: (norm - 1) ** 2)],
)
def test_for_a_linear_discriminator_it_depends_on_the_weight_norm(penalty, expected):
    weight = torch.arange(12.0).reshape(3, 4)
    pictures = torch.randn(5, 3, 4, requires_grad=True)
    logits = (pictures * weight).flatten(1).sum(1, keepdim=True)
    torch.testing.assert_close(penalty(logits, pictures), torch.full((5,), expected(float(weight.norm()))))


@pytest.mark.parametrize(
    "penalty, slope",
    [(squared_gradient, lambda a, norm: a * norm**2), (gradient_penalty, lambda a, norm: 2 * (a * norm - 1) * norm)],
)
def test_penalties_are_differentiable(penalty, slope):
    """D(x) = a ‖x‖² / 2 has ∇ₓD = a x, hence ∂/∂a ½‖∇ₓD‖² = a ‖x‖² and ∂/∂a (‖∇ₓD‖ − 1)² = 2 (a ‖x‖ − 1) ‖x‖."""
    a = torch.tensor(3.0, requires_grad=True)
    pictures = torch.tensor([[1.0, 2.0], [0.0, -1.0]], requires_grad=True)
    logits = (0.5 * a * pictures.square().sum(1))[:, None]
    penalty(logits, pictures).sum().backward()
    expected = sum(slope(3.0, float(norm)) for norm in pictures.detach().norm(dim=1))
    assert a.grad is not None and a.grad.item() == pytest.approx(expected)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_penalty_gradients_equal_finite_differences(penalty):
    torch.manual_seed(0)
    pictures = torch.randn(3, 2, 4, 4, dtype=torch.float64)
    network = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Softplus(), nn.Flatten(), nn.Linear(12, 1)).double()
    weights = {name: weight.detach().requires_grad_() for name, weight in network.named_parameters()}

    def paid(*values):
        moving = pictures.clone().requires_grad_()
        logits = torch.func.functional_call(network, dict(zip(weights, values, strict=True)), (moving,))
        return penalty(logits, moving)

    assert torch.autograd.gradcheck(paid, tuple(weights.values()))


@pytest.mark.parametrize("penalty, expected", [(squared_gradient, 0.0), (gradient_penalty, 1.0)])
def test_a_flat_discriminator_has_a_finite_penalty_gradient(penalty, expected):
    weight = torch.zeros(4, requires_grad=True)
    pictures = torch.randn(2, 4, requires_grad=True)
    paid = penalty(pictures @ weight[:, None], pictures)
    paid.sum().backward()
    assert paid.tolist() == [expected] * 2
    assert weight.grad is not None and weight.grad.tolist() == [0.0] * 4


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_samples_penalty_depends_only_on_its_own_gradient(penalty):
    pictures = torch.randn(4, 3, requires_grad=True)
    together = penalty(pictures.pow(3).sum(1, keepdim=True), pictures)
    for index in range(4):
        alone = pictures[index : index + 1].detach().requires_grad_()
        torch.testing.assert_close(penalty(alone.pow(3).sum(1, keepdim=True), alone), together[index : index + 1])


@pytest.mark.parametrize("penalty", PENALTIES)
def test_penalties_of_bfloat16_logits_are_float32(penalty):
    """The squares of 301 ones add up to 301, which is no bfloat16."""
    pictures = torch.randn(2, 301, dtype=torch.bfloat16, requires_grad=True)
    paid = penalty(pictures.sum(1, keepdim=True), pictures)
    assert paid.dtype == torch.float32
    exact = penalty((wide := pictures.detach().float().requires_grad_()).sum(1, keepdim=True), wide)
    torch.testing.assert_close(paid, exact)


def test_each_interpolate_has_its_own_share():
    real, fake = torch.randn(2, 3, 2, 4, 5).unbind(0)
    share = torch.tensor([0.0, 1.0, 0.25])
    mixed = interpolate_samples(real, fake, share)
    assert torch.equal(mixed[0], fake[0]) and torch.equal(mixed[1], real[1])
    torch.testing.assert_close(mixed[2], 0.25 * real[2] + 0.75 * fake[2])
    vectors = interpolate_samples(real.flatten(1), fake.flatten(1), share)
    assert torch.equal(vectors, mixed.flatten(1))
