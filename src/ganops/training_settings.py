"""The settings of one training, as `games.resolve` makes them. Torch-free."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias, Union

from pydantic import Field, model_serializer, model_validator

from ganops.config import (
    GAMES,
    NETWORK_FIELDS,
    AdversarialSettings,
    Attempts,
    Batch,
    EmaSettings,
    FieldName,
    Images,
    Launcher,
    NetworkSettings,
    NonNegativeImages,
    OptimizerSettings,
    OwnGameSettings,
    Processes,
    RuntimeSettings,
    Seed,
    ShippedGameSettings,
    SpectrogramGanSettings,
)
from ganops.errors import ConfigurationError
from ganops.own import OWN_SETTINGS
from ganops.parameters import Parameters

if TYPE_CHECKING:
    GameSettings: TypeAlias = ShippedGameSettings | OwnGameSettings
else:
    GameSettings = Annotated[Union[(*GAMES, *OWN_SETTINGS)], Field(discriminator="kind")]

# Limits that no training needs to exceed: a larger number is mistyped or damaged.
LARGEST_CLOCK = 2**40
"""most samples shown in one training, or in one attempt at it"""
_LARGEST_SIZE, _LARGEST_COUNT, _LARGEST_LENGTH = 2**16, 2**20, 2**24


class SampleSpec(Parameters):
    """What samples are: all facts about the data that the networks depend on."""

    key: ClassVar[str] = "settings.sample"

    field: FieldName = "image"
    channels: int = Field(
        ge=1, le=_LARGEST_SIZE, description="of points: their coordinates; of waves: 1; of tokens: those known"
    )
    image_height: int = Field(default=1, ge=1, le=_LARGEST_SIZE, description="pixels; 1 for points, waves and tokens")
    image_width: int = Field(
        default=1,
        ge=1,
        le=_LARGEST_LENGTH,
        description="pixels; 1 for points; of waves: their samples; of tokens: the longest line",
    )
    input_channels: int = Field(default=0, ge=0, le=4, description="of the picture that a sample starts from; 0: none")
    classes: int = Field(ge=0, le=_LARGEST_COUNT, description="0: unlabelled data, or an unconditional training")
    sample_rate: int = Field(default=0, ge=0, le=_LARGEST_COUNT, description="of waves, in hertz; 0 for others")
    masks: bool = Field(default=False, description="whether the data have masks, and the game reads them")

    @model_serializer(mode="wrap")
    def _serialize(self, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """Leave rate and masks out where there are none: descriptions of other samples stay as they were."""
        return {name: value for name, value in handler(self).items() if value or name not in ("sample_rate", "masks")}

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return channels, height and width of an image."""
        return self.channels, self.image_height, self.image_width

    @property
    def size(self) -> tuple[int, int]:
        """Return height and width of an image, in pixels."""
        return self.image_height, self.image_width

    @property
    def value_count(self) -> int:
        """Numbers in a sample."""
        return self.channels * self.image_height * self.image_width


class BudgetSettings(Parameters):
    """How much is trained; times are in images seen."""

    key: ClassVar[str] = "settings.budget"

    total_images: Images
    batch: Batch
    burn_in_images: NonNegativeImages = Field(description="time in which each ramp moves from its start to its end")
    stop_when_flat: bool = Field(default=False, description="whether the training may end before total_images")


class CadenceSettings(Parameters):
    """When the state of a training is logged and saved: curves and digests are part of the state."""

    key: ClassVar[str] = "settings.cadence"

    log_every_images: Images
    checkpoint_every_images: Images
    snapshot_every_images: Images


class ExecutionSettings(Parameters):
    """How a training is carried out. Nothing here changes a byte of its files: the fingerprint excludes the group."""

    key: ClassVar[str] = "settings.execution"

    sample_every_images: Images
    attempts: Attempts
    processes: Processes
    launcher: Launcher


class Settings(Parameters):
    """Everything that determines a training, resolved: written as JSON, part of fingerprint and bundle."""

    key: ClassVar[str] = "settings"

    recipe: str
    seed: Seed
    sample: SampleSpec
    mirror: bool
    game: GameSettings
    networks: NetworkSettings
    optimizer: OptimizerSettings
    ema: EmaSettings
    budget: BudgetSettings
    cadence: CadenceSettings
    runtime: RuntimeSettings
    execution: ExecutionSettings
    continued_from: str | None = Field(description="sha256 of the training state that it started from")

    @model_validator(mode="after")
    def _check_networks(self) -> "Settings":
        family, field = self.networks.family, self.network_sample.field
        if family not in self.game.families or NETWORK_FIELDS[family] not in (None, field):
            raise ConfigurationError(
                f"{self.key}.networks.family",
                expected="networks that fit the game and the field",
                received=f"{family} with {self.game.kind} and {field}",
                remedy="Choose another training.recipe.",
            )
        return self

    @property
    def network_sample(self) -> SampleSpec:
        """Return the samples as the networks read and make them: spectrograms, where the game is one of these."""
        game, sample = self.game, self.sample
        if not isinstance(game, SpectrogramGanSettings):
            return sample
        bins, frames = game.spectrogram_size(sample.image_width)
        return SampleSpec(channels=1, image_height=bins, image_width=frames, classes=sample.classes)

    @property
    def adversarial(self) -> AdversarialSettings | None:
        """Return the game, where it has a discriminator."""
        return self.game if isinstance(self.game, AdversarialSettings) else None

    @property
    def iteration_images(self) -> int:
        """Return the training samples of one iteration: those of the discriminator, where there is one."""
        return self.budget.batch * (self.adversarial.discriminator_steps if self.adversarial else 1)
