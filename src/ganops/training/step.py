"""One iteration: each player's updates in turn, while all networks of the others are frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ganops.games.game import Batch, Game, Losses, LossWeights, Update
from ganops.noise import Noise
from ganops.torch_private import BatchNorm, SpectralNorm
from ganops.training.distributed import SINGLE_PROCESS, Distributed
from ganops.training.ema import update_average
from ganops.training.schedules import adam_settings, loss_weights
from ganops.training.state import TrainingState
from ganops.training_settings import Settings


@runtime_checkable
class Batches(Protocol):
    """The source of batches: samples first … first + count − 1 of an endless order that depends on the seed alone."""

    def batch(self, first: int, count: int) -> dict[str, Tensor]:
        """Return name → model values of these samples, (count, …) each."""
        ...


def train_iteration(
    game: Game, state: TrainingState, settings: Settings, batches: Batches, distributed: Distributed = SINGLE_PROCESS
) -> dict[str, Float[Tensor, ""]]:
    """Run every player's updates, then update the EMA. The clock advances by the samples of all processes.

    Returns:
        detached means over all processes, still on the device.
    """
    scalars: dict[str, Tensor] = {}
    step = Step(game, state, settings, distributed)
    start, count = distributed.shard(settings.budget.batch)
    batch: dict[str, Tensor] = {}
    position, updates = None, game.updates(state.images_seen)
    for update in updates:
        first = state.stream_position + update.batch * settings.budget.batch
        if first != position:
            batch, position = batches.batch(first + start, count), first
        scalars |= step.update_player(update, batch)
    images = settings.budget.batch * sum(update.images for update in updates)
    state.images_seen += images
    for name, average in state.ema.items():
        update_average(average, state.networks[name], images, state.images_seen, settings.ema.relative_length)
    return scalars


@dataclass(frozen=True)
class Step:
    """The updates of one iteration."""

    game: Game
    state: TrainingState
    settings: Settings
    distributed: Distributed

    def update_player(self, update: Update, batch: Batch) -> dict[str, Float[Tensor, ""]]:
        """Take one step of Adam on the player's networks, down the mean of its losses.

        After every k-th update of a lazily regularized player, take one more down its penalties, which then count
        k times.

        Returns:
            detached means, and the norm of the gradient.
        """
        game, state, player = self.game, self.state, update.player
        freeze_all_but(game.players[player], state.networks)
        first = state.stream_position + update.noise * self.settings.budget.batch
        start, count = self.distributed.shard(self.settings.budget.batch)
        noise = Noise(self.settings.seed, first + start, count, torch.device(self.settings.runtime.device))
        adversarial = self.settings.adversarial
        index, interval = first // self.settings.budget.batch, adversarial.penalty_interval if adversarial else 1
        weights = loss_weights(self.settings, state.images_seen, state.attempt)
        direct = without_penalties(game, weights) if interval > 1 else weights
        with self._autocast():
            losses = game.losses(player, state.networks, batch, noise, direct, state.buffers)
        scalars = self._backward_and_step(player, losses)
        if interval > 1 and index % interval == 0:
            with self._autocast():
                penalties = game.penalties(player, state.networks, batch, noise, weights, state.buffers)
            if penalties.terms:
                scalars = self._backward_and_step(player, penalties, scale=interval) | scalars
        game.after_update(player, scalars, state.buffers, index)
        return scalars

    def _autocast(self) -> torch.autocast:
        runtime = self.settings.runtime
        return torch.autocast(runtime.device, torch.bfloat16, enabled=runtime.precision == "bf16")

    def _backward_and_step(self, player: str, losses: Losses, scale: int = 1) -> dict[str, Tensor]:
        optimizer = self.state.optimizers[player]
        means = {name: values.float().mean() for name, values in {**losses.terms, **losses.logged}.items()}
        total = torch.stack([means[name] for name in losses.terms]).sum()
        (total * scale).backward()
        (group,) = optimizer.param_groups
        means = self.distributed.average(group["params"], {name: value.detach() for name, value in means.items()})
        adam = adam_settings(self.settings, player, self.state.images_seen, self.state.attempt)
        group["lr"], group["betas"] = adam.learning_rate, (adam.beta1, adam.beta2)
        norm = nn.utils.get_total_norm([p.grad for p in group["params"] if p.grad is not None])
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return {**means, f"gradient/{player}": norm}


def without_penalties(game: Game, weights: LossWeights) -> LossWeights:
    """Return the weights without those that `game.penalties` computes alone."""
    return {name: value for name, value in weights.items() if name not in game.penalty_weights}


def freeze_all_but(trained: tuple[str, ...], networks: Mapping[str, nn.Module]) -> None:
    """Compute no gradient for the other networks, and leave the statistics of their normalizations alone."""
    for name, network in networks.items():
        network.requires_grad_(name in trained)
        for module in network.modules():
            if isinstance(module, BatchNorm):
                module.track_running_stats = name in trained
            elif isinstance(module, SpectralNorm):
                module.train(name in trained)
