import math

import pytest
import torch

from ganops.errors import ShapeError
from ganops.objectives.losses import NonSaturating

ZERO = torch.zeros(4, 1)


def test_shapes_that_would_broadcast_are_refused():
    objective = NonSaturating()
    with pytest.raises(ShapeError, match=r"\(4, 1\).*\(4,\)"):
        objective.discriminator(ZERO, torch.zeros(4))


def test_an_undecided_discriminator_pays_log_2_a_part():
    assert NonSaturating().discriminator(ZERO, ZERO) == pytest.approx(2 * math.log(2))
    assert NonSaturating().generator(ZERO) == pytest.approx(math.log(2))


def test_non_saturating_is_the_binary_cross_entropy():
    real, fake = torch.randn(2, 64, 1, generator=torch.Generator().manual_seed(0)).unbind(0)
    expected = -torch.log(torch.sigmoid(real)) - torch.log(1 - torch.sigmoid(fake))
    torch.testing.assert_close(NonSaturating().discriminator(real, fake), expected)
    torch.testing.assert_close(NonSaturating().generator(fake), -torch.log(torch.sigmoid(fake)))


def test_the_optimal_discriminator_measures_the_jensen_shannon_divergence():
    """At D* = p / (p + q) the discriminator's loss is log 4 − 2 · JSD(p, q) (Goodfellow et al. 2014, theorem 1)."""
    p, q = torch.tensor([0.7, 0.2, 0.1]).double(), torch.tensor([0.1, 0.3, 0.6]).double()
    logit = torch.log(p / q)
    per_part = NonSaturating()
    loss = (p * per_part.discriminator(logit, torch.full_like(logit, -torch.inf))).sum()
    loss = loss + (q * per_part.discriminator(torch.full_like(logit, torch.inf), logit)).sum()
    middle = (p + q) / 2
    divergence = 0.5 * (p * torch.log(p / middle)).sum() + 0.5 * (q * torch.log(q / middle)).sum()
    assert loss.item() == pytest.approx(math.log(4) - 2 * divergence.item())
