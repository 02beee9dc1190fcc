"""The table of recipes: one row is everything that a paper, or a measurement of ours, says of a training.

What depends on resolution, channels, classes, batch and device is derived by `resolve`.
"""

from dataclasses import dataclass, replace
from typing import Literal

from ganops.config import Decay, ObjectiveName, Precision


@dataclass(frozen=True)
class Recipe:
    """One row; times are in images seen. None: the game has no such thing.

    `rate_halvings`: the learning rate is that of networks with so many halvings, and falls in proportion to them in
    deeper ones; None: it holds at any depth.
    """

    game: Literal["noise_to_picture", "vae"]
    network: str
    objective: ObjectiveName | None
    latent_dimension: int
    width: int
    batch: int
    learning_rate: float
    rate_halvings: int | None
    learning_rate_decay: Decay
    beta1: float
    beta2: float
    r1_gamma: float | None
    r2_gamma: float | None
    augmentation: float | None
    ema_half_life_images: int
    precision: Precision


# The game as the article writes it; training.objective=non_saturating is what Goodfellow et al. 2014 trained with.
_ARTICLE = Recipe(
    game="noise_to_picture",
    network="article",
    objective="minimax",
    latent_dimension=100,
    width=64,
    batch=64,
    learning_rate=2e-4,
    rate_halvings=None,
    learning_rate_decay="none",
    beta1=0.5,
    beta2=0.999,
    r1_gamma=0.0,
    r2_gamma=0.0,
    augmentation=0.0,
    ema_half_life_images=10_000,
    precision="fp32",
)

RECIPES: dict[str, Recipe] = {
    # Radford et al. 2016, with R1, shifted pictures, a tenfold rate and an average: the table is in EXPERIMENTS.md.
    "dcgan": Recipe(
        game="noise_to_picture",
        network="dcgan",
        objective="non_saturating",
        latent_dimension=100,
        width=32,
        batch=64,
        learning_rate=2e-3,
        rate_halvings=2,
        learning_rate_decay="none",
        beta1=0.5,
        beta2=0.99,
        r1_gamma=1.0,
        r2_gamma=0.0,
        augmentation=1.0,
        ema_half_life_images=10_000,
        precision="bf16",
    ),
    "article": _ARTICLE,
    # The article's second generator: only the networks differ.
    "autoencoder": replace(_ARTICLE, network="autoencoder"),
    # Huang et al. 2024 (R3GAN), narrowed from 768 to what two processor cores play, with a tenfold rate and constants
    # in place of its schedules. A picture costs four times as much here as in dcgan: the table is in EXPERIMENTS.md.
    # With classes, three minutes of that leave one picture a class; without, training.conditional=false, pictures vary.
    "r3gan": Recipe(
        game="noise_to_picture",
        network="r3",
        objective="relativistic",
        latent_dimension=64,
        width=8,
        batch=32,
        learning_rate=2e-3,
        rate_halvings=None,
        learning_rate_decay="none",
        beta1=0.0,
        beta2=0.99,
        r1_gamma=1.0,
        r2_gamma=1.0,
        augmentation=1.0,
        ema_half_life_images=5_000,
        precision="bf16",
    ),
    # Kingma and Welling 2014, with the learned σ of Rybkin et al. 2021: the baseline of every table.
    "vae": Recipe(
        game="vae",
        network="vae",
        objective=None,
        latent_dimension=32,
        width=32,
        batch=64,
        learning_rate=1e-3,
        rate_halvings=None,
        learning_rate_decay="linear",
        beta1=0.9,
        beta2=0.999,
        r1_gamma=None,
        r2_gamma=None,
        augmentation=None,
        ema_half_life_images=10_000,
        precision="fp32",
    ),
}
