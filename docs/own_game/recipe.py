"""BEGAN: its settings, and its row of the table of recipes."""

from typing import Literal

from pydantic import Field

from ganops.config import LatentDimension, NetworkSettings, OptimizerSettings, OwnGameSettings
from ganops.recipe import Recipe


class BeganSettings(OwnGameSettings):
    kind: Literal["began"] = "began"
    latent_dimension: LatentDimension
    diversity: float = Field(gt=0, le=1, description="γ: the error of fakes over that of reals")


SETTINGS = BeganSettings
RECIPES = {
    "began": Recipe(
        game=BeganSettings(latent_dimension=64, diversity=0.7),
        networks=NetworkSettings(family="own", base_channels=32),
        optimizer=OptimizerSettings(learning_rate=2e-4, learning_rate_decay="linear", beta1=0.5, beta2=0.999),
        batch=16,
        without=("conditional",),
    )
}
