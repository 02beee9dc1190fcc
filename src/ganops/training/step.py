"""One round: each player's move in turn, while all networks of the others are frozen."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ganops.config import Settings
from ganops.games.game import Batch, Game, Losses
from ganops.noise import Noise
from ganops.training.ema import half_life, update_average
from ganops.training.schedules import learning_rate
from ganops.training.state import TrainingState


def play_round(
    game: Game, state: TrainingState, settings: Settings, batches: Mapping[str, Batch], noise: Noise
) -> dict[str, Float[Tensor, ""]]:
    """Goodfellow et al. 2014, algorithm 1 with k = 1; `batches` says what each player is shown.

    Returns detached means, still on the device.
    """
    scalars: dict[str, Tensor] = {}
    for player in game.players:
        scalars |= move(game, player, state, settings, batches[player], noise)
    state.images_seen += noise.count
    for name, average in state.averages.items():
        horizon = half_life(settings.ema_half_life_images, state.images_seen)
        update_average(average, state.networks[name], noise.count, horizon)
    return scalars


def move(
    game: Game, player: str, state: TrainingState, settings: Settings, batch: Batch, noise: Noise
) -> dict[str, Float[Tensor, ""]]:
    """One step of Adam on the player's networks, down the mean of its losses."""
    optimizer = state.optimizers[player]
    freeze_all_but(game.players[player], state.networks)
    with torch.autocast(settings.device, torch.bfloat16, enabled=settings.precision == "bf16"):
        losses = game.losses(player, state.networks, batch, noise)
    total = torch.stack([values.float().mean() for values in losses.minimised.values()]).sum()
    total.backward()
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(settings, state.images_seen)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return _means(losses)


def freeze_all_but(moving: tuple[str, ...], networks: Mapping[str, nn.Module]) -> None:
    """No gradient is computed for the others, and their batch normalisation leaves its statistics alone."""
    for name, network in networks.items():
        network.requires_grad_(name in moving)
        for module in network.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.track_running_stats = name in moving


def _means(losses: Losses) -> dict[str, Tensor]:
    values = {**losses.minimised, **losses.observed}
    return {name: value.detach().float().mean() for name, value in values.items()}
