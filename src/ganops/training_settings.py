"""The settings of one training, as `games.resolve` makes them. Torch-free."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from ganops.config import (
    MOST_THREADS,
    AugmentationPolicy,
    Decay,
    FieldName,
    GameName,
    Launcher,
    NetworkName,
    ObjectiveName,
    Precision,
)
from ganops.errors import ConfigurationError
from ganops.parameters import Parameters

# Limits that no training needs to exceed: a larger number is mistyped or damaged.
LARGEST_CLOCK = 2**40
"""most samples shown in one training, or in one attempt at it"""
_LARGEST_SIZE, _LARGEST_COUNT = 2**16, 2**20


class Settings(Parameters):
    """Everything that determines a training, resolved: flat, written as JSON, part of fingerprint and bundle."""

    key: ClassVar[str] = "settings"

    recipe: str
    game: GameName
    network: NetworkName
    objective: ObjectiveName | None
    field: FieldName
    height: int = Field(ge=1, le=_LARGEST_SIZE)
    width_pixels: int = Field(ge=1, le=_LARGEST_SIZE)
    channels: int = Field(ge=1, le=_LARGEST_SIZE)
    classes: int = Field(ge=0, le=_LARGEST_COUNT, description="0: unconditional")
    latent_dimension: int = Field(ge=1, le=_LARGEST_SIZE)
    width: int = Field(ge=1, le=_LARGEST_SIZE)
    batch: int = Field(ge=1, le=_LARGEST_COUNT)
    total_images: int = Field(ge=1, le=LARGEST_CLOCK)
    learning_rate: float = Field(gt=0)
    learning_rate_decay: Decay
    beta1: float = Field(ge=0, lt=1)
    beta2: float = Field(ge=0, lt=1)
    discriminator_steps: int | None = Field(ge=1, le=_LARGEST_SIZE)
    r1_gamma: float | None = Field(ge=0)
    r2_gamma: float | None = Field(ge=0)
    gradient_penalty: float | None = Field(ge=0)
    penalty_every_moves: int | None = Field(ge=1)
    spectral_norm: bool | None
    augmentation: float | None = Field(ge=0, le=1)
    augmentation_policy: AugmentationPolicy | None
    augmentation_target: float | None = Field(ge=-1, le=1)
    mirror: bool
    ema_half_life_images: int = Field(ge=0)
    burn_in_images: int = Field(ge=0)
    burn_in_learning_rate: float | None = Field(gt=0)
    burn_in_r1_gamma: float | None = Field(ge=0)
    burn_in_r2_gamma: float | None = Field(ge=0)
    burn_in_beta2: float | None = Field(ge=0, lt=1)
    burn_in_ema_half_life_images: int | None = Field(ge=0)
    burn_in_augmentation: float | None = Field(ge=0, le=1)
    precision: Precision
    channels_last: bool
    device: Literal["cpu", "cuda", "mps"]
    threads: int = Field(ge=1, le=MOST_THREADS)
    seed: int = Field(ge=0)
    log_every_images: int = Field(ge=1)
    sample_every_images: int = Field(ge=1)
    checkpoint_every_images: int = Field(ge=1)
    snapshot_every_images: int = Field(ge=1)
    attempts: int = Field(ge=0)
    processes: int = Field(ge=1, le=_LARGEST_SIZE)
    launcher: Launcher
    continued_from: str | None = Field(description="sha256 of the training state that it started from")

    @model_validator(mode="after")
    def _require_fit(self) -> "Settings":
        of_vae = (self.game == "vae", self.network == "vae", self.objective is None)
        if len(set(of_vae)) > 1 or (self.network == "mlp") != (self.field == "point"):
            raise ConfigurationError(
                f"{self.key}.network",
                expected="a network of the game, the objective and the field",
                received=f"{self.network} with {self.game}, {self.objective} and {self.field}",
                remedy="Choose another training.recipe.",
            )
        return self

    @property
    def iteration_images(self) -> int:
        """Training samples that the discriminator is shown in a round."""
        return self.batch * (self.discriminator_steps or 1)
