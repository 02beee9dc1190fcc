"""One iteration: each player's updates in turn, while all networks of the others are frozen."""

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ganops.games.game import Batch, Game, Losses, LossWeights, Update
from ganops.noise import Noise
from ganops.torch_private import BatchNorm
from ganops.training.distributed import SINGLE_PROCESS, Distributed
from ganops.training.ema import update_average
from ganops.training.schedules import adam_settings, log_is_due, loss_weights
from ganops.training.state import TrainingState
from ganops.training_settings import Settings

_BATCHES_AT_ONCE = 16


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
        detached means over all processes, still on the device; at a point of the curves the norms of the gradients too.
    """
    scalars: dict[str, Tensor] = {}
    updates = game.updates(state.images_seen)
    images = settings.budget.batch * sum(update.images for update in updates)
    logs = log_is_due(settings, state.images_seen, state.images_seen + images)
    step = Step(game, state, settings, distributed, logs)
    start, count = distributed.shard(settings.budget.batch)
    batch: dict[str, Tensor] = {}
    position = None
    for update in updates:
        first = state.stream_position + update.batch * settings.budget.batch
        if first != position:
            batch, position = batches.batch(first + start, count), first
        scalars |= step.update_player(update, batch)
    state.images_seen += images
    for name, average in state.ema.items():
        update_average(average, state.networks[name], images, state.images_seen, settings.ema.relative_length)
    return scalars


@dataclass(frozen=True)
class Step:
    """The updates of one iteration.

    Attributes:
        game: what is trained.
        state: changed in place.
        settings: of the training.
        distributed: this process among those of the training.
        logs: whether the curves get a point after this iteration. Only then the norms of the gradients are computed:
            values that are not finite show in the losses of the next iteration anyway.
    """

    game: Game
    state: TrainingState
    settings: Settings
    distributed: Distributed
    logs: bool

    def update_player(self, update: Update, batch: Batch) -> dict[str, Float[Tensor, ""]]:
        """Take one step of Adam on the player's networks, down the mean of its losses.

        After every k-th update of a lazily regularized player, take one more down its penalties, which then count
        k times.

        Returns:
            detached means, and the norm of the gradient where it is logged.
        """
        game, state, player = self.game, self.state, update.player
        freeze_all_but(game.players[player], state)
        first = state.stream_position + update.noise * self.settings.budget.batch
        start, count = self.distributed.shard(self.settings.budget.batch)
        device = torch.device(self.settings.runtime.device)
        noise = Noise(self.settings.seed, first + start, count, device, at_once=_BATCHES_AT_ONCE)
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
        kept = {name: self.distributed.join(values.detach()) for name, values in losses.kept.items()}
        game.after_update(player, {**scalars, **kept}, state.buffers, index)
        return scalars

    def _autocast(self) -> torch.autocast:
        runtime = self.settings.runtime
        return torch.autocast(runtime.device, torch.bfloat16, enabled=runtime.precision == "bf16")

    def _backward_and_step(self, player: str, losses: Losses, scale: int = 1) -> dict[str, Tensor]:
        optimizer = self.state.optimizers[player]
        terms = {name: values.float().mean() for name, values in losses.terms.items()}
        total = reduce(add, terms.values())
        (total * scale if scale > 1 else total).backward()
        logged = {name: values.detach().float().mean() for name, values in losses.logged.items()}
        (group,) = optimizer.param_groups
        means = {name: value.detach() for name, value in terms.items()} | logged
        means = self.distributed.average(group["params"], means)
        adam = adam_settings(self.settings, player, self.state.images_seen, self.state.attempt)
        group["lr"], group["betas"] = adam.learning_rate, (adam.beta1, adam.beta2)
        if self.logs:
            gradients = [parameter.grad for parameter in group["params"] if parameter.grad is not None]
            means[f"gradient/{player}"] = nn.utils.get_total_norm(gradients)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return means


def without_penalties(game: Game, weights: LossWeights) -> LossWeights:
    """Return the weights without those that `game.penalties` computes alone."""
    return {name: value for name, value in weights.items() if name not in game.penalty_weights}


def freeze_all_but(trained: tuple[str, ...], state: TrainingState) -> None:
    """Compute no gradient for the other networks, and leave the statistics of their normalizations alone."""
    for name, (parameters, normalizations) in state.freezable.items():
        for parameter in parameters:
            parameter.requires_grad = name in trained
        for module in normalizations:
            if isinstance(module, BatchNorm):
                module.track_running_stats = name in trained
            else:
                module.train(name in trained)
