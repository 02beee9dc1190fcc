"""The table of recipes: one row is everything that a paper, or a measurement of ours, says of a training.

What depends on resolution, channels, classes, batch and device is derived by `resolve`.
"""

from dataclasses import dataclass
from typing import Literal

from ganops.config import Decay, Precision


@dataclass(frozen=True)
class Recipe:
    """One row; times are in images seen."""

    game: Literal["noise_to_picture", "vae"]
    network: str
    objective: str
    latent_dimension: int
    width: int
    batch: int
    learning_rate: float
    learning_rate_decay: Decay
    beta1: float
    beta2: float
    r1_gamma: float
    augmentation: float
    ema_half_life_images: int
    precision: Precision


RECIPES: dict[str, Recipe] = {
    # Radford et al. 2016; what differs was chosen by the table in EXPERIMENTS.md.
    "dcgan": Recipe(
        game="noise_to_picture",
        network="dcgan",
        objective="non_saturating",
        latent_dimension=100,
        width=32,
        batch=64,
        learning_rate=2e-3,
        learning_rate_decay="linear",
        beta1=0.5,
        beta2=0.999,
        r1_gamma=0.0,
        augmentation=0.0,
        ema_half_life_images=10_000,
        precision="bf16",
    ),
    # Kingma and Welling 2014, with the learned σ of Rybkin et al. 2021: the baseline of every table.
    "vae": Recipe(
        game="vae",
        network="vae",
        objective="elbo",
        latent_dimension=32,
        width=32,
        batch=64,
        learning_rate=1e-3,
        learning_rate_decay="linear",
        beta1=0.9,
        beta2=0.999,
        r1_gamma=0.0,
        augmentation=0.0,
        ema_half_life_images=10_000,
        precision="fp32",
    ),
}
