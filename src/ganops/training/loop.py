"""The game as an iterator without effects: between two yields the state is whole."""

from collections.abc import Iterator

from torch import Tensor

from ganops.games.game import Game
from ganops.training.distributed import SINGLE_PROCESS, Distributed
from ganops.training.state import TrainingState
from ganops.training.step import Batches, train_iteration
from ganops.training_settings import Settings


def rounds(
    game: Game, state: TrainingState, settings: Settings, batches: Batches, world: Distributed = SINGLE_PROCESS
) -> Iterator[dict[str, Tensor]]:
    """Play from the state's clock to total_images, yielding each round's detached scalars, still on the device.

    The last batch is as large as the others, so that batch statistics never come from a remainder: the clock may end up
    to one round beyond total_images.
    """
    while state.images_seen < settings.total_images:
        yield train_iteration(game, state, settings, batches, world)
