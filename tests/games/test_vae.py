import math

import pytest
import torch
from torch import nn

from ganops.games.vae import VariationalAutoencoder, divergence, negative_log_likelihood
from ganops.noise import Noise


class LinearEncoder(nn.Module):
    """The exact posterior of x = w z + b + σ ε: N(w (x − b) / (w² + σ²), σ² / (w² + σ²))."""

    def __init__(self, w: float, b: float, sigma: float) -> None:
        super().__init__()
        self.w, self.b, self.variance = w, b, sigma**2 / (w**2 + sigma**2)
        self.gain = w / (w**2 + sigma**2)

    def forward(self, x, label=None):
        mean = self.gain * (x.flatten(1) - self.b)
        return mean, torch.full_like(mean, math.log(self.variance))


class LinearDecoder(nn.Module):
    def __init__(self, w: float, b: float, sigma: float) -> None:
        super().__init__()
        self.w, self.b = w, b
        self.log_deviation = nn.Parameter(torch.tensor(math.log(sigma)))

    def forward(self, z, label=None):
        return (self.w * z + self.b)[:, :, None, None]


def test_the_elbo_of_a_linear_gaussian_model_with_its_true_posterior_is_the_evidence():
    """Then −ELBO = −log N(x; b, w² + σ²), whatever z was drawn: every sample of the bound is exact in expectation."""
    w, b, sigma, x = 0.8, 0.1, 0.5, 0.6
    networks = {"encoder": LinearEncoder(w, b, sigma), "decoder": LinearDecoder(w, b, sigma)}
    game = VariationalAutoencoder(latent_dimension=1, conditional=False)
    batch = {"image": torch.full((200_000, 1, 1, 1), x)}
    losses = game.losses("autoencoder", networks, batch, Noise(0, 0, 200_000), {}, {}).terms
    bound = sum(values.mean().item() for values in losses.values())
    variance = w**2 + sigma**2
    evidence = 0.5 * (x - b) ** 2 / variance + 0.5 * math.log(2 * math.pi * variance)
    assert bound == pytest.approx(evidence, abs=5e-3)


def test_divergence_of_the_prior_from_itself_is_zero_and_of_a_shift_half_its_square():
    zero = torch.zeros(1, 3)
    assert divergence(zero, zero) == pytest.approx(0.0)
    assert divergence(zero + 2, zero) == pytest.approx(3 * 2.0)


def test_likelihood_is_the_normal_density():
    data, mean = torch.randn(2, 4, 5, 6).unbind(0)
    normal = torch.distributions.Normal(mean, 0.3)
    expected = -normal.log_prob(data).flatten(1).sum(1)
    torch.testing.assert_close(negative_log_likelihood(data, mean, torch.tensor(math.log(0.3))), expected)
