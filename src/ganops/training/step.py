"""One round: each player's moves in turn, while all networks of the others are frozen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ganops.games.game import Batch, Game, Losses
from ganops.noise import Noise
from ganops.torch_private import BatchNorm, SpectralNorm
from ganops.training.distributed import SINGLE_PROCESS, Distributed
from ganops.training.ema import update_average
from ganops.training.schedules import ema_half_life, pace, strengths
from ganops.training.state import TrainingState
from ganops.training_settings import Settings

_MOVES_AN_ADAPTATION = 4  # Karras et al. 2020 (ADA), section 3.1


@runtime_checkable
class Batches(Protocol):
    """Where batches come from: the samples first … first + count − 1 of an endless, addressed order."""

    def batch(self, first: int, count: int) -> dict[str, Tensor]: ...


def train_iteration(
    game: Game, state: TrainingState, settings: Settings, batches: Batches, world: Distributed = SINGLE_PROCESS
) -> dict[str, Float[Tensor, ""]]:
    """Every player's moves, then the averages; the state's clock moves on by the samples of all processes.

    Returns detached means over all processes, still on the device.
    """
    scalars: dict[str, Tensor] = {}
    start, count = world.shard(settings.batch)
    device, batch, at = torch.device(settings.device), {}, None
    for turn in turns(game, settings.batch, state.stream_position):
        if turn.shown != at:
            batch, at = batches.batch(turn.shown + start, count), turn.shown
        noise = Noise(settings.seed, turn.first + start, count, device)
        scalars |= move(game, turn.player, state, settings, batch, noise, world, turn.first // settings.batch)
    state.images_seen += settings.round_images
    for name, average in state.ema.items():
        horizon = ema_half_life(settings, state.images_seen)
        update_average(average, state.networks[name], settings.round_images, horizon)
    return scalars


@dataclass(frozen=True)
class Turn:
    """One move of a round: its noise begins at sample `first`, its batch at position `shown`."""

    player: str
    first: int
    shown: int


def turns(game: Game, batch: int, address: int) -> Iterator[Turn]:
    """Goodfellow et al. 2014, algorithm 1: each of the discriminator's k moves on samples of its own, then the
    generator's. A player that looks ahead is shown the batch after those."""
    for player, moves in game.moves.items():
        last = address + (max(game.moves.values()) - 1) * batch
        begin = address if moves > 1 else last
        for first in range(begin, begin + moves * batch, batch):
            yield Turn(player, first, first + batch if player in game.ahead else first)


def move(
    game: Game,
    player: str,
    state: TrainingState,
    settings: Settings,
    batch: Batch,
    noise: Noise,
    world: Distributed = SINGLE_PROCESS,
    number: int = 0,
) -> dict[str, Float[Tensor, ""]]:
    """One step of Adam on the player's networks, down the mean of its losses; after every k-th move (`number` 0, k, …)
    of a lazily regularised player one more, down its penalties, which then count k times.

    Returns detached means, and the norm of the gradient.
    """
    freeze_all_but(game.players[player], state.networks)
    now = state.strengths(strengths(settings, state.images_seen, state.attempt))
    every = settings.penalty_every_moves or 1
    unregularised = replace(now, r1_gamma=0.0, r2_gamma=0.0, gradient_penalty=0.0) if every > 1 else now
    with _autocast(settings):
        losses = game.losses(player, state.networks, batch, noise, unregularised)
    scalars = _descend(player, state, settings, losses, world)
    if every > 1 and number % every == 0:
        with _autocast(settings):
            penalties = game.penalties(player, state.networks, batch, noise, now)
        if penalties.terms:
            scalars = _descend(player, state, settings, penalties, world, times=every) | scalars
    if state.adaptation and "logit/real" in losses.observed:
        state.adaptation.observe(losses.observed["logit/real"], world.sum)
        scalars["augmentation/probability"] = state.adaptation.probability.clone()
        if settings.augmentation_target is not None and number % _MOVES_AN_ADAPTATION == _MOVES_AN_ADAPTATION - 1:
            state.adaptation.adapt(_MOVES_AN_ADAPTATION * settings.batch, settings.augmentation_target)
    return scalars


def freeze_all_but(moving: tuple[str, ...], networks: Mapping[str, nn.Module]) -> None:
    """No gradient is computed for the others, and their normalisations leave their statistics alone."""
    for name, network in networks.items():
        network.requires_grad_(name in moving)
        for module in network.modules():
            if isinstance(module, BatchNorm):
                module.track_running_stats = name in moving
            elif isinstance(module, SpectralNorm):
                module.train(name in moving)


def _autocast(settings: Settings) -> torch.autocast:
    return torch.autocast(settings.device, torch.bfloat16, enabled=settings.precision == "bf16")


def _descend(
    player: str, state: TrainingState, settings: Settings, losses: Losses, world: Distributed, times: int = 1
) -> dict[str, Tensor]:
    optimizer = state.optimizers[player]
    means = {name: values.float().mean() for name, values in {**losses.terms, **losses.observed}.items()}
    total = torch.stack([means[name] for name in losses.terms]).sum()
    (total * times).backward()
    (group,) = optimizer.param_groups
    means = world.average(group["params"], {name: value.detach() for name, value in means.items()})
    now = pace(settings, player, state.images_seen, state.attempt)
    group["lr"], group["betas"] = now.learning_rate, (now.beta1, now.beta2)
    norm = nn.utils.get_total_norm([p.grad for p in group["params"] if p.grad is not None])
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return {**means, f"gradient/{player}": norm}
