import pytest
import torch
from torch import nn

from ganops.config import ObjectiveName
from ganops.games import latent_gan
from ganops.games.game import LossWeights
from ganops.games.latent_gan import LatentGan
from ganops.noise import Noise
from ganops.objectives.build import build_objective

NOISE = Noise(3, 40, 6)
BATCH = {"image": torch.linspace(-1, 1, 24).reshape(6, 1, 2, 2), "label": torch.arange(6)}


class Enlarge(nn.Module):
    """z (B, 4) → pictures (B, 1, 2, 2)."""

    def forward(self, latent, label):
        return latent.reshape(-1, 1, 2, 2)


class Quadratic(nn.Module):
    """D(x) = ‖x‖² / 2, whose gradient is x; it remembers what it was shown."""

    def __init__(self):
        super().__init__()
        self.shown, self.labels, self.streams = [], [], []

    def forward(self, pictures, label, dropout):
        self.shown.append(pictures)
        self.labels.append(label)
        self.streams.append(dropout.stream)
        return 0.5 * pictures.square().flatten(1).sum(1, keepdim=True)


def game(objective: ObjectiveName = "non_saturating", steps=1):
    return LatentGan(build_objective(objective), "image", 4, False, steps, "translation")


def networks():
    return {"generator": Enlarge(), "discriminator": Quadratic()}


def squared_norm(pictures):
    return pictures.square().flatten(1).sum(1)


def test_the_penalties_are_half_the_squared_gradient_on_reals_and_on_fakes():
    now = LossWeights(r1_gamma=2.0, r2_gamma=5.0)
    losses = game().losses("discriminator", networks(), BATCH, NOISE, now).terms
    latent = NOISE.normal("latent/discriminator", (4,))
    torch.testing.assert_close(losses["penalty/r1"], 2.0 / 2 * squared_norm(BATCH["image"]))
    torch.testing.assert_close(losses["penalty/r2"], 5.0 / 2 * squared_norm(latent))


@pytest.mark.parametrize("gammas, names", [((0.0, 0.0), set()), ((1.0, 0.0), {"r1"}), ((0.0, 1.0), {"r2"})])
def test_a_gamma_of_zero_is_no_penalty(gammas, names):
    losses = game("relativistic").losses("discriminator", networks(), BATCH, NOISE, LossWeights(*gammas)).terms
    assert set(losses) == {"loss/discriminator", *(f"penalty/{name}" for name in names)}


@pytest.mark.parametrize("objective, looks", [("minimax", 1), ("non_saturating", 1), ("relativistic", 2)])
def test_the_generator_looks_at_reals_only_where_it_compares(objective, looks):
    players = networks()
    game(objective).losses("generator", players, BATCH, NOISE, LossWeights())
    assert len(players["discriminator"].shown) == looks
    assert game(objective).ahead == (("generator",) if looks == 2 else ())


def test_the_comparing_generator_is_set_against_the_real_of_its_index():
    (loss,) = game("relativistic").losses("generator", networks(), BATCH, NOISE, LossWeights()).terms.values()
    latent = NOISE.normal("latent/generator", (4,))
    difference = 0.5 * (squared_norm(BATCH["image"]) - squared_norm(latent))
    torch.testing.assert_close(loss[:, 0], torch.log1p(difference.exp()))


def test_every_look_has_a_dropout_stream_of_its_own():
    players = networks()
    for player in ("discriminator", "generator"):
        game("relativistic").losses(player, players, BATCH, NOISE, LossWeights())
    streams = {f"{side}/{player}" for side in ("real", "fake") for player in ("discriminator", "generator")}
    assert set(players["discriminator"].streams) == streams


def test_without_classes_no_label_is_shown():
    players = networks()
    game().losses("discriminator", players, BATCH, NOISE, LossWeights())
    assert players["discriminator"].labels == [None, None]


@pytest.mark.parametrize("names", [("r1_gamma",), ("r2_gamma",), ("gradient_penalty",), ("r1_gamma", "r2_gamma")])
def test_the_penalties_of_a_lazy_move_are_those_of_the_loss(names):
    now = LossWeights(**dict.fromkeys(names, 3.0))
    together = game().losses("discriminator", networks(), BATCH, NOISE, now).terms
    alone = game().penalties("discriminator", networks(), BATCH, NOISE, now).terms
    assert len(alone) == len(names) and "loss/discriminator" not in alone
    for name, values in alone.items():
        torch.testing.assert_close(values, together[name])
    assert game().penalties("generator", networks(), BATCH, NOISE, now).terms == {}


@pytest.mark.parametrize(
    "names, made",
    [(("r1_gamma",), {"real"}), (("r2_gamma",), {"fake"}), (("gradient_penalty",), {"real", "fake"})],
)
def test_a_lazy_move_augments_only_what_a_penalty_looks_at(monkeypatch, names, made):
    augmented = []
    monkeypatch.setattr(latent_gan, "augment", lambda samples, _, stream, *__: augmented.append(stream) or samples)
    now = LossWeights(augmentation=1.0, **dict.fromkeys(names, 3.0))
    game().penalties("discriminator", networks(), BATCH, NOISE, now)
    assert set(augmented) == {f"{side}/discriminator" for side in made}


def test_the_gradient_penalty_looks_between_the_real_and_the_fake_of_an_index():
    losses = game("wasserstein").losses("discriminator", networks(), BATCH, NOISE, LossWeights(gradient_penalty=10.0))
    latent = NOISE.normal("latent/discriminator", (4,)).reshape(6, 1, 2, 2)
    share = NOISE.uniform("interpolates")[:, None, None, None]
    between = share * BATCH["image"] + (1 - share) * latent
    expected = 10 * (squared_norm(between).sqrt() - 1).square()
    torch.testing.assert_close(losses.terms["penalty/gradient"], expected)


def test_the_discriminator_moves_as_often_as_it_is_told():
    assert game(steps=5).moves == {"discriminator": 5, "generator": 1}
