import math
from typing import get_args

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from ganops.config import ObjectiveName
from ganops.errors import ShapeError
from ganops.objectives.build import build_objective
from ganops.objectives.losses import Hinge, LeastSquares, Minimax, NonSaturating, Relativistic, Wasserstein

ZERO = torch.zeros(4, 1)
OBJECTIVES = [build_objective(name) for name in get_args(ObjectiveName)]
# Two discrete distributions.
P, Q = torch.tensor([0.7, 0.2, 0.1]).double(), torch.tensor([0.1, 0.3, 0.6]).double()
PLACES = torch.tensor([-1.0, 0.5, 3.0]).double()


def logits():
    return torch.randn(2, 64, 1, generator=torch.Generator().manual_seed(0)).unbind(0)


def value(objective, logit):
    """E_p,q of the discriminator's loss where D has `logit` at each place: pairs (x, y) come from p ⊗ q."""
    real, fake = (values.contiguous() for values in torch.broadcast_tensors(logit[:, None], logit[None]))
    return (torch.outer(P, Q) * objective.discriminator(real, fake)).sum().item()


def is_best(objective, logit):
    """No discriminator near or far does better than `logit`."""
    steps = torch.randn(200, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    others = [logit + scale * step for scale in (1e-3, 0.1, 1, 10) for step in steps]
    return all(value(objective, other) >= value(objective, logit) - 1e-12 for other in others)


def jensen_shannon(p, q):
    middle = (p + q) / 2
    return float(0.5 * (p * torch.log(p / middle)).sum() + 0.5 * (q * torch.log(q / middle)).sum())


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_shapes_that_would_broadcast_are_refused(objective):
    with pytest.raises(ShapeError, match=r"\(4, 1\).*\(4,\)"):
        objective.discriminator(ZERO, torch.zeros(4))


def test_a_relativistic_generator_loss_refuses_unequal_shapes():
    with pytest.raises(ShapeError, match=r"\(4, 1\).*\(4,\)"):
        Relativistic().generator(ZERO, torch.zeros(4))


def test_an_undecided_discriminator_loses_log_2_per_part():
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


@pytest.mark.parametrize(
    "objective, discriminator, generator",
    [
        (LeastSquares(), lambda r, f: ((r - 1) ** 2 + f**2) / 2, lambda f: (f - 1) ** 2 / 2),
        (Hinge(), lambda r, f: np.maximum(0, 1 - r) + np.maximum(0, 1 + f), lambda f: -f),
        (Wasserstein(), lambda r, f: f - r, lambda f: -f),
    ],
    ids=["least_squares", "hinge", "wasserstein"],
)
def test_the_other_losses_are_their_papers_formulas(objective, discriminator, generator):
    real, fake = logits()
    expected = discriminator(real.numpy(), fake.numpy()), generator(fake.numpy())
    received = objective.discriminator(real, fake), objective.generator(None, fake)
    for ours, theirs in zip(received, expected, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-6)


@pytest.mark.parametrize("objective", [Wasserstein(), Relativistic()])
def test_losses_of_differences_ignore_a_constant(objective):
    real, fake = logits()
    torch.testing.assert_close(objective.discriminator(real, fake), objective.discriminator(real + 3, fake + 3))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_zero_is_the_boundary_where_declared(objective):
    """A constant changes the loss, and exchanging reals and fakes together with the sign of D does not."""
    real, fake = logits()
    losses = objective.discriminator(real, fake)
    minds = not torch.allclose(losses, objective.discriminator(real + 3, fake + 3), atol=1e-3)
    mirrored = torch.allclose(losses, objective.discriminator(-fake, -real))
    assert objective.zero_is_boundary == (minds and mirrored)


@pytest.mark.parametrize("objective", [Minimax(), NonSaturating()])
def test_minimax_at_the_optimal_discriminator_is_2_jsd_minus_log_4(objective):
    """At D* = p / (p + q), the logit log(p / q) (Goodfellow et al. 2014, theorem 1)."""
    logit = torch.log(P / Q)
    assert is_best(objective, logit)
    assert -value(objective, logit) == pytest.approx(2 * jensen_shannon(P, Q) - math.log(4))


def test_non_saturating_at_the_optimal_discriminator_is_kl_minus_2_jsd():
    """Arjovsky and Bottou 2017, theorem 2.5: its gradient is that of KL(q ‖ p) − 2 JSD, the discriminator held.

    With q moved to Q + t · d, the derivative in t of Q's own loss at the held D*, against a difference of the claim.
    """
    direction = torch.tensor([0.5, -0.2, -0.3]).double()
    held = (direction * NonSaturating().generator(None, torch.log(P / Q))).sum().item()

    def claimed(t):
        q = Q + t * direction
        return float((q * torch.log(q / P)).sum()) - 2 * jensen_shannon(P, q)

    assert held == pytest.approx((claimed(1e-5) - claimed(-1e-5)) / 2e-5, rel=1e-6)


def test_least_squares_at_the_optimal_discriminator_is_chi_squared():
    """Compare with Mao et al. 2017, section 3.2, whose χ²(p + q ‖ 2q) is Σ (q − p)² / (p + q).

    With the coding 0, 1, 1 D* is p / (p + q), D's loss is ¼ − χ² / 8, and G's, with the constant term of the reals
    that they add, ¼ + χ² / 8.
    """
    best, chi_squared = P / (P + Q), float(((Q - P) ** 2 / (P + Q)).sum())
    assert is_best(LeastSquares(), best)
    assert value(LeastSquares(), best) == pytest.approx(1 / 4 - chi_squared / 8)
    paid = ((P + Q) * LeastSquares().generator(None, best)).sum().item()
    assert paid == pytest.approx(1 / 4 + chi_squared / 8)


def test_hinge_at_the_optimal_discriminator_is_the_total_variation():
    """At D* = sign(p − q) D pays 2 Σ min(p, q) = 2 − 2 TV, and G −E_q D*, which is 2 TV less the constant E_p D*."""
    best, variation = torch.sign(P - Q), float(0.5 * (P - Q).abs().sum())
    assert is_best(Hinge(), best)
    assert value(Hinge(), best) == pytest.approx(2 - 2 * variation)
    paid = (Q * Hinge().generator(None, best)).sum().item()
    assert paid + float((P * best).sum()) == pytest.approx(2 * variation)


def test_wasserstein_at_the_optimal_critic_is_the_earth_movers_distance():
    """On a line D* has the slope sign(F_q − F_p): what q has heaped up further left than p must be carried right."""
    slopes = torch.sign((Q - P).cumsum(0)[:-1])
    best = torch.cat([torch.zeros(1), (slopes * PLACES.diff()).cumsum(0)])
    distance = wasserstein_distance(PLACES, PLACES, P, Q)
    assert -value(Wasserstein(), best) == pytest.approx(distance)
    paid = (Q * Wasserstein().generator(None, best)).sum().item()
    assert paid + float((P * best).sum()) == pytest.approx(distance)
    others = torch.rand(500, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) * 2 - 1
    for slopes in others:
        other = torch.cat([torch.zeros(1), (slopes * PLACES.diff()).cumsum(0)])
        assert -value(Wasserstein(), other) <= distance


def test_relativistic_at_the_optimal_discriminator_is_the_jsd_of_pairs():
    """Compare with the optimum: a pair (x, y) is drawn from p ⊗ q or, swapped, from q ⊗ p.

    The best difference is the logarithm of their ratio, which is D*(x) − D*(y) with D* = log(p / q).
    """
    logit, pairs = torch.log(P / Q), torch.outer(P, Q)
    assert is_best(Relativistic(), logit)
    assert -value(Relativistic(), logit) == pytest.approx(jensen_shannon(pairs, pairs.T) - math.log(2))


def slope(objective, certain):
    """|∂ loss / ∂ fake logit| of the generator where the discriminator calls a fake fake with logit `certain`."""
    fake = torch.full((1, 1), certain, requires_grad=True)
    objective.generator(None, fake).sum().backward()
    assert fake.grad is not None
    return fake.grad.abs().item()


def test_minimax_saturates_and_non_saturating_does_not():
    assert slope(Minimax(), -20.0) == pytest.approx(math.exp(-20), rel=1e-3)
    assert slope(NonSaturating(), -20.0) == pytest.approx(1.0)
    assert slope(Minimax(), 0.0) == slope(NonSaturating(), 0.0) == 0.5


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_large_logits_do_not_overflow(objective):
    large = torch.tensor([[-1e4], [1e4]])
    assert torch.isfinite(objective.discriminator(large, -large)).all()
    assert torch.isfinite(objective.generator(large, -large)).all()
