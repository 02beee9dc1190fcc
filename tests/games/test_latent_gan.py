from dataclasses import replace

import pytest
import torch
from torch import nn

from ganops.config import ObjectiveName
from ganops.games import latent_gan
from ganops.games.game import Update
from ganops.games.latent_gan import AdaptiveAugmentation, LatentGan
from ganops.noise import Noise
from ganops.objectives.build import build_objective

GAMMAS = ("r1_gamma", "r2_gamma")
NOISE = Noise(3, 40, 6)
BATCH = {"image": torch.linspace(-1, 1, 24).reshape(6, 1, 2, 2), "label": torch.arange(6)}


class Enlarge(nn.Module):
    """z (B, 4) → pictures (B, 1, 2, 2)."""

    def forward(self, latent, label):
        return latent.reshape(-1, 1, 2, 2)


class Quadratic(nn.Module):
    """D(x) = ‖x‖² / 2, whose gradient is x; it records its inputs."""

    draws_noise = True

    def __init__(self):
        super().__init__()
        self.pictures, self.labels, self.streams = [], [], []

    def forward(self, pictures, label, noise):
        self.pictures.append(pictures)
        self.labels.append(label)
        self.streams.append(noise.prefix)
        return 0.5 * pictures.square().flatten(1).sum(1, keepdim=True)


def game(objective: ObjectiveName = "non_saturating", steps=1):
    return LatentGan(build_objective(objective), "image", 4, False, steps, "translation")


def networks():
    return {"generator": Enlarge(), "discriminator": Quadratic()}


def squared_norm(pictures):
    return pictures.square().flatten(1).sum(1)


def test_r1_and_r2_are_half_the_squared_gradient():
    weights = {"r1_gamma": 2.0, "r2_gamma": 5.0}
    losses = game().losses("discriminator", networks(), BATCH, NOISE, weights, {}).terms
    latent = NOISE.normal("latent/discriminator", (4,))
    torch.testing.assert_close(losses["penalty/r1"], 2.0 / 2 * squared_norm(BATCH["image"]))
    torch.testing.assert_close(losses["penalty/r2"], 5.0 / 2 * squared_norm(latent))


@pytest.mark.parametrize("gammas, names", [((0.0, 0.0), set()), ((1.0, 0.0), {"r1"}), ((0.0, 1.0), {"r2"})])
def test_zero_gamma_adds_no_penalty(gammas, names):
    losses = (
        game("relativistic")
        .losses("discriminator", networks(), BATCH, NOISE, dict(zip(GAMMAS, gammas, strict=True)), {})
        .terms
    )
    assert set(losses) == {"loss/discriminator", *(f"penalty/{name}" for name in names)}


@pytest.mark.parametrize("objective, passes", [("minimax", 1), ("non_saturating", 1), ("relativistic", 2)])
def test_only_a_relativistic_generator_reads_reals(objective, passes):
    players = networks()
    game(objective).losses("generator", players, BATCH, NOISE, {}, {})
    assert len(players["discriminator"].pictures) == passes
    *_, last = game(objective).updates(0)
    assert last == Update("generator", noise=0, batch=passes - 1, images=0)


def test_relativistic_loss_pairs_by_index():
    (loss,) = game("relativistic").losses("generator", networks(), BATCH, NOISE, {}, {}).terms.values()
    latent = NOISE.normal("latent/generator", (4,))
    difference = 0.5 * (squared_norm(BATCH["image"]) - squared_norm(latent))
    torch.testing.assert_close(loss[:, 0], torch.log1p(difference.exp()))


def test_each_pass_hands_the_discriminator_noise_of_its_own():
    players = networks()
    for player in ("discriminator", "generator"):
        game("relativistic").losses(player, players, BATCH, NOISE, {}, {})
    streams = {f"dropout/{side}/{player}/" for side in ("real", "fake") for player in ("discriminator", "generator")}
    assert set(players["discriminator"].streams) == streams


def test_unconditional_discriminator_gets_no_label():
    players = networks()
    game().losses("discriminator", players, BATCH, NOISE, {}, {})
    assert players["discriminator"].labels == [None, None]


@pytest.mark.parametrize("names", [("r1_gamma",), ("r2_gamma",), ("gradient_penalty",), ("r1_gamma", "r2_gamma")])
def test_lazy_penalties_equal_those_of_the_loss(names):
    weights = dict.fromkeys(names, 3.0)
    together = game().losses("discriminator", networks(), BATCH, NOISE, weights, {}).terms
    alone = game().penalties("discriminator", networks(), BATCH, NOISE, weights, {}).terms
    assert len(alone) == len(names) and "loss/discriminator" not in alone
    for name, values in alone.items():
        torch.testing.assert_close(values, together[name])
    assert game().penalties("generator", networks(), BATCH, NOISE, weights, {}).terms == {}


@pytest.mark.parametrize(
    "names, sides",
    [(("r1_gamma",), {"real"}), (("r2_gamma",), {"fake"}), (("gradient_penalty",), {"real", "fake"})],
)
def test_lazy_penalties_augment_only_their_inputs(monkeypatch, names, sides):
    augmented = []
    monkeypatch.setattr(latent_gan, "augment", lambda samples, _, stream, *__: augmented.append(stream) or samples)
    weights = {"augmentation": 1.0, **dict.fromkeys(names, 3.0)}
    game().penalties("discriminator", networks(), BATCH, NOISE, weights, {})
    assert set(augmented) == {f"{side}/discriminator" for side in sides}


def test_gradient_penalty_lies_between_real_and_fake():
    losses = game("wasserstein").losses("discriminator", networks(), BATCH, NOISE, {"gradient_penalty": 10.0}, {})
    latent = NOISE.normal("latent/discriminator", (4,)).reshape(6, 1, 2, 2)
    share = NOISE.uniform("interpolates")[:, None, None, None]
    between = share * BATCH["image"] + (1 - share) * latent
    expected = 10 * (squared_norm(between).sqrt() - 1).square()
    torch.testing.assert_close(losses.terms["penalty/gradient"], expected)


def test_discriminator_updates_have_batches_of_their_own():
    *discriminator, generator = game(steps=5).updates(0)
    assert discriminator == [Update("discriminator", noise=step, batch=step, images=1) for step in range(5)]
    assert generator == Update("generator", noise=4, batch=4, images=0)


def adaptive(batch=6, target=0.5):
    return replace(game(), adaptive=AdaptiveAugmentation(0.25, target, batch))


def test_adapted_probability_replaces_the_scheduled_one(monkeypatch):
    probabilities = []
    monkeypatch.setattr(latent_gan, "augment", lambda samples, _, __, p, *___: probabilities.append(p) or samples)
    buffers = adaptive().buffers(torch.device("cpu"))
    logged = adaptive().losses("discriminator", networks(), BATCH, NOISE, {"augmentation": 1.0}, buffers).logged
    assert [float(p) for p in probabilities] == [0.25, 0.25]
    assert logged["augmentation/probability"].tolist() == [0.25] * 6
    assert logged["augmentation/sign"].flatten().tolist() == [1.0] * 6


@pytest.mark.parametrize("sign, direction", [(1.0, 1), (0.5, 0), (0.0, -1)])
def test_probability_follows_the_mean_sign_every_fourth_update(sign, direction):
    """Karras et al. 2020: p changes by the images of four updates / 500k, by the side of the target of 0.5."""
    gan, player = adaptive(batch=1000), "discriminator"
    buffers = gan.buffers(torch.device("cpu"))
    for update in range(3):
        gan.after_update(player, {"augmentation/sign": torch.tensor(sign)}, buffers, update)
    assert buffers["augmentation/probability"] == 0.25
    gan.after_update(player, {"augmentation/sign": torch.tensor(sign)}, buffers, 3)
    torch.testing.assert_close(buffers["augmentation/probability"], torch.tensor(0.25 + direction * 4000 / 500_000))
    assert buffers["augmentation/count"] == buffers["augmentation/signs"] == 0


def test_the_generators_update_adapts_nothing():
    buffers = adaptive().buffers(torch.device("cpu"))
    adaptive().after_update("generator", {}, buffers, 3)
    assert buffers["augmentation/count"] == 0
