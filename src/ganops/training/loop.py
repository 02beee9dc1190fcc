"""The game as an iterator without effects: between two yields the state is whole."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from ganops.config import Settings
from ganops.games.game import Batch, Game
from ganops.noise import Noise
from ganops.training.state import TrainingState
from ganops.training.step import play_round


@runtime_checkable
class Batches(Protocol):
    """Where batches come from: the samples first … first + count − 1 of an endless, addressed order."""

    def batch(self, first: int, count: int) -> dict[str, Tensor]: ...


def rounds(game: Game, state: TrainingState, settings: Settings, batches: Batches) -> Iterator[dict[str, Tensor]]:
    """Play from the state's clock to total_images, yielding each round's detached scalars, still on the device.

    The last batch is as large as the others, so that batch statistics never come from a remainder: the clock may end up
    to one batch beyond total_images.
    """
    device = torch.device(settings.device)
    while state.images_seen < settings.total_images:
        first = state.images_seen
        noise = Noise(settings.seed, first, settings.batch, device)
        yield play_round(game, state, settings, shown(game, batches, first, settings.batch), noise)


def shown(game: Game, batches: Batches, first: int, count: int) -> dict[str, Batch]:
    """Player → the batch of its move: the one at the clock, or the one after it."""
    now = batches.batch(first, count)
    later = batches.batch(first + count, count) if game.ahead else now
    return {player: later if player in game.ahead else now for player in game.players}
