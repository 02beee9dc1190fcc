import math
from typing import get_args

import pytest
import torch

from ganops.config import ObjectiveName
from ganops.errors import ShapeError
from ganops.objectives.build import build_objective
from ganops.objectives.losses import Minimax, NonSaturating, Relativistic

ZERO = torch.zeros(4, 1)
OBJECTIVES = [build_objective(name) for name in get_args(ObjectiveName)]
# Two discrete distributions.
P, Q = torch.tensor([0.7, 0.2, 0.1]).double(), torch.tensor([0.1, 0.3, 0.6]).double()


def logits():
    return torch.randn(2, 64, 1, generator=torch.Generator().manual_seed(0)).unbind(0)


def jensen_shannon(p, q):
    middle = (p + q) / 2
    return float(0.5 * (p * torch.log(p / middle)).sum() + 0.5 * (q * torch.log(q / middle)).sum())


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_shapes_that_would_broadcast_are_refused(objective):
    with pytest.raises(ShapeError, match=r"\(4, 1\).*\(4,\)"):
        objective.discriminator(ZERO, torch.zeros(4))


def test_the_generator_that_compares_refuses_them_too():
    with pytest.raises(ShapeError, match=r"\(4, 1\).*\(4,\)"):
        Relativistic().generator(ZERO, torch.zeros(4))


def test_an_undecided_discriminator_pays_log_2_a_part():
    for objective in (Minimax(), NonSaturating()):
        assert objective.discriminator(ZERO, ZERO) == pytest.approx(2 * math.log(2))
    assert Minimax().generator(None, ZERO) == pytest.approx(-math.log(2))
    assert NonSaturating().generator(None, ZERO) == pytest.approx(math.log(2))
    assert Relativistic().discriminator(ZERO, ZERO) == pytest.approx(math.log(2))
    assert Relativistic().generator(ZERO, ZERO) == pytest.approx(math.log(2))


def test_minimax_and_non_saturating_are_goodfellows_logarithms():
    real, fake = logits()
    expected = -torch.log(torch.sigmoid(real)) - torch.log(1 - torch.sigmoid(fake))
    torch.testing.assert_close(Minimax().discriminator(real, fake), expected)
    torch.testing.assert_close(NonSaturating().discriminator(real, fake), expected)
    torch.testing.assert_close(Minimax().generator(None, fake), torch.log(1 - torch.sigmoid(fake)))
    torch.testing.assert_close(NonSaturating().generator(None, fake), -torch.log(torch.sigmoid(fake)))


def test_relativistic_is_the_cross_entropy_of_the_difference():
    real, fake = logits()
    torch.testing.assert_close(Relativistic().discriminator(real, fake), -torch.log(torch.sigmoid(real - fake)))
    torch.testing.assert_close(Relativistic().generator(real, fake), -torch.log(torch.sigmoid(fake - real)))


def test_relativistic_knows_differences_alone():
    real, fake = logits()
    torch.testing.assert_close(
        Relativistic().discriminator(real, fake), Relativistic().discriminator(real + 3, fake + 3)
    )


def test_the_value_of_minimax_at_the_best_discriminator_is_2_jsd_minus_log_4():
    """At D* = p / (p + q), the logit log(p / q) (Goodfellow et al. 2014, theorem 1)."""
    logit = torch.log(P / Q)
    loss = (P * Minimax().discriminator(logit, torch.full_like(logit, -torch.inf))).sum()
    loss = loss + (Q * Minimax().discriminator(torch.full_like(logit, torch.inf), logit)).sum()
    assert -loss.item() == pytest.approx(2 * jensen_shannon(P, Q) - math.log(4))


def test_the_value_of_relativistic_at_the_best_discriminator_is_the_jsd_of_the_pairs_minus_log_2():
    """The pair (x, y) is drawn from p ⊗ q or, swapped, from q ⊗ p: the best difference is the logarithm of their ratio,
    which is D*(x) − D*(y) with D* = log(p / q)."""
    logit, pairs = torch.log(P / Q), torch.outer(P, Q)
    real, fake = (values.contiguous() for values in torch.broadcast_tensors(logit[:, None], logit[None]))
    loss = (pairs * Relativistic().discriminator(real, fake)).sum()
    assert -loss.item() == pytest.approx(jensen_shannon(pairs, pairs.T) - math.log(2))


def slope(objective, certain):
    """|∂ loss / ∂ fake logit| of the generator where the discriminator calls a fake fake with logit `certain`."""
    fake = torch.full((1, 1), certain, requires_grad=True)
    objective.generator(None, fake).sum().backward()
    assert fake.grad is not None
    return fake.grad.abs().item()


def test_minimax_saturates_where_the_discriminator_is_certain_and_non_saturating_does_not():
    assert slope(Minimax(), -20.0) == pytest.approx(math.exp(-20), rel=1e-3)
    assert slope(NonSaturating(), -20.0) == pytest.approx(1.0)
    assert slope(Minimax(), 0.0) == slope(NonSaturating(), 0.0) == 0.5


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_no_logit_overflows(objective):
    large = torch.tensor([[-1e4], [1e4]])
    assert torch.isfinite(objective.discriminator(large, -large)).all()
    assert torch.isfinite(objective.generator(large, -large)).all()
