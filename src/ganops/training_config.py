"""What a user may set of a training. Torch-free.

An unknown key is an error that names the nearest known one. `None` means: from the recipe, or derived by
`games.resolve`.
"""

from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from pydantic import Field

from ganops.config import (
    GAMES,
    Attempts,
    BaseChannels,
    Batch,
    Device,
    EmaSettings,
    Images,
    Launcher,
    LearningRateRamp,
    NonNegativeImages,
    OptimizerSettings,
    Processes,
    RuntimeSettings,
    Seed,
    Threads,
)
from ganops.own import OWN_SETTINGS
from ganops.parameters import Parameters, overrides_class

if TYPE_CHECKING:
    GameOverrides: TypeAlias = Parameters
    OptimizerOverrides: TypeAlias = Parameters
    EmaOverrides: TypeAlias = Parameters
    RuntimeOverrides: TypeAlias = Parameters
else:
    GameOverrides = overrides_class("training.game", *GAMES, *OWN_SETTINGS, without=("kind",))
    OptimizerOverrides = overrides_class("training.optimizer", OptimizerSettings, without=("learning_rate",))
    EmaOverrides = overrides_class("training.ema", EmaSettings)
    RuntimeOverrides = overrides_class("training.runtime", RuntimeSettings, without=("device", "threads"))


class TrainingParameters(Parameters):
    """What a user may set of a training; None: from the recipe, or derived from the data."""

    key: ClassVar[str] = "training"

    recipe: str
    total_images: Images | None = None
    stop_when_flat: bool = Field(default=False, description="whether a flat distance ends it before total_images")
    seed: Seed = 0
    device: Device = "auto"
    threads: Threads | None = Field(default=None, description="None: the cores of the machine")
    conditional: bool | None = None
    mirror: bool | None = Field(default=None, description="whether half of the real pictures are shown mirrored")
    batch: Batch | None = None
    base_channels: BaseChannels | None = None
    learning_rate: LearningRateRamp | None = None
    game: GameOverrides = GameOverrides()
    optimizer: OptimizerOverrides = OptimizerOverrides()
    ema: EmaOverrides = EmaOverrides()
    burn_in_images: NonNegativeImages | None = None
    runtime: RuntimeOverrides = RuntimeOverrides()
    log_every_images: Images | None = None
    sample_every_images: Images | None = None
    checkpoint_every_images: Images | None = None
    snapshot_every_images: Images | None = None
    attempts: Attempts = Field(default=3, description="new attempts after a failed one; 0: stop at once")
    continue_from: str | None = Field(default=None, description="a finished training state to train further")
    processes: Processes = 1
    launcher: Launcher = "elastic"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the values alone: the classes of the groups are made, and stand in no module under a name."""
        return type(self).parse, (self.model_dump(),)
