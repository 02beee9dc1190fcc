"""CycleGAN: which pictures each network reads, and its losses where the translations are known."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ganops.games.build import build_game
from ganops.games.cyclegan import CycleGan
from ganops.noise import Noise
from ganops.objectives.build import build_objective

from ..parameters import images, resolve_settings

SHAPE = (3, 4, 4)
BATCH = {"input": torch.full((2, *SHAPE), 0.1), "image": torch.full((2, *SHAPE), 0.6)}
WEIGHTS = {"r1_gamma": 0.0, "cycle_weight": 10.0, "identity_weight": 5.0}
NOISE = Noise(0, 0, 2)


class Plus(nn.Module):
    """A translation that adds a number."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = number

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures + self.number


class Mean(nn.Module):
    """A discriminator whose logit is the mean of the values, times a factor."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.factor * pictures.flatten(1).mean(1, keepdim=True)


NETWORKS = {
    "generator": Plus(0.3),
    "inverse_generator": Plus(-0.2),
    "discriminator": Mean(1.0),
    "inverse_discriminator": Mean(10.0),
}


def cyclegan(pool_size: int = 50, objective: str = "least_squares") -> CycleGan:
    return CycleGan(0, 1, build_objective(objective), 1, pool_size, SHAPE)  # pyright: ignore[reportArgumentType]


def terms(player: str, weights: Mapping[str, float] = WEIGHTS) -> dict[str, Tensor]:
    game = cyclegan()
    return game.losses(player, NETWORKS, BATCH, NOISE, weights, game.buffers(torch.device("cpu"))).terms


def test_the_losses_of_the_discriminators() -> None:
    """D reads 0.6 and G(0.1) = 0.4; the other one 0.1 and F(0.6) = 0.4, times 10."""
    found = {name: values.mean().item() for name, values in terms("discriminator").items()}
    expected = {
        "loss/discriminator": 0.5 * (0.6 - 1) ** 2 + 0.5 * 0.4**2,
        "loss/inverse_discriminator": 0.5 * (1.0 - 1) ** 2 + 0.5 * 4.0**2,
    }
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_the_losses_of_the_generators() -> None:
    """Each cycle changes a picture by 0.1; G changes the target's own picture by 0.3, F the source's by 0.2."""
    found = {name: values.mean().item() for name, values in terms("generator").items()}
    expected = {
        "loss/generator": 0.5 * (0.4 - 1) ** 2,
        "loss/inverse_generator": 0.5 * (4.0 - 1) ** 2,
        "loss/cycle": 10 * (0.1 + 0.1),
        "loss/identity": 5 * (0.3 + 0.2),
    }
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_without_the_identity_loss_its_passes_are_left_out() -> None:
    assert terms("generator", {**WEIGHTS, "identity_weight": 0.0}).keys() == {
        "loss/generator",
        "loss/inverse_generator",
        "loss/cycle",
    }


def test_r1_is_that_of_both_discriminators() -> None:
    """The gradient of the mean of 48 values, times the factor: a squared norm of factor² / 48."""
    game = cyclegan()
    found = game.penalties("discriminator", NETWORKS, BATCH, NOISE, {"r1_gamma": 2.0}, {}).terms
    values = {name: value.mean().item() for name, value in found.items()}
    torch.testing.assert_close(values, {"penalty/r1": 2 * 0.5 / 48, "penalty/inverse_r1": 2 * 0.5 * 100 / 48})


def test_the_cycle_error_is_half_the_distance_of_model_values() -> None:
    found = cyclegan().score(NETWORKS, {"image": BATCH["image"]})["cycle_l1"]
    torch.testing.assert_close(found, torch.full((2,), 0.05))


def test_discriminators_see_translations_of_their_pools() -> None:
    game = cyclegan(pool_size=1)
    buffers = game.buffers(torch.device("cpu"))
    found = game.losses("discriminator", NETWORKS, BATCH, NOISE, WEIGHTS, buffers)
    game.after_update("discriminator", found.kept, buffers, 0)
    assert torch.equal(buffers["pool/pictures"], torch.full((1, *SHAPE), 0.1) + 0.3)
    assert torch.equal(buffers["inverse_pool/pictures"], torch.full((1, *SHAPE), 0.6) - 0.2)
    buffers["pool/pictures"].fill_(0.9)
    noise = Noise(0, 0, 64)
    many = {name: values[:1].expand(64, *SHAPE) for name, values in BATCH.items()}
    logits = (
        game.losses("discriminator", NETWORKS, many, noise, WEIGHTS, buffers).logged["logit/fake"].detach().flatten()
    )
    found = {round(value.item(), 4): int((logits == value).sum()) for value in logits.unique()}
    assert found.keys() == {0.4, 0.9} and min(found.values()) > 16


def test_the_recipe_has_two_translations_and_two_discriminators() -> None:
    settings = resolve_settings("cyclegan", images(3, 16, 16, 2))
    game = build_game(settings)
    assert isinstance(game, CycleGan) and game.shape == (3, 16, 16) and game.pool_size == 50
    assert settings.game.loss_weights["identity_weight"] == 5.0  # pyright: ignore[reportAttributeAccessIssue]
