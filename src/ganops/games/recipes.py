"""The table of recipes: one row is everything that a paper, or a measurement of ours, says of a training.

What depends on resolution, channels, classes, batch and device is derived by `resolve`.
"""

from dataclasses import dataclass, replace

from ganops.config import AugmentationPolicy, Decay, GameName, ObjectiveName, Precision
from ganops.errors import ConfigurationError, suggest


@dataclass(frozen=True)
class Recipe:
    """One row; times are in images seen.

    `rate_downsamples`: the learning rate is that of networks with so many halvings, and falls in proportion to them in
    deeper ones; None: it holds at any depth. `burn_in_share`: of total_images, in which each value moves along half a
    cosine from its `burn_in_…` to its own; where that is None, it does not move.
    """

    game: GameName
    network: str
    latent_dimension: int
    width: int
    batch: int
    learning_rate: float
    beta1: float
    beta2: float
    ema_half_life_images: int
    objective: ObjectiveName | None = None
    rate_downsamples: int | None = None
    learning_rate_decay: Decay = "none"
    discriminator_steps: int = 1
    r1_gamma: float = 0.0
    r2_gamma: float = 0.0
    gradient_penalty: float = 0.0
    penalty_every_moves: int = 1
    spectral_norm: bool = False
    augmentation: float = 0.0
    augmentation_policy: AugmentationPolicy = "translation"
    augmentation_target: float | None = None
    burn_in_share: float = 0.0
    burn_in_learning_rate: float | None = None
    burn_in_r1_gamma: float | None = None
    burn_in_r2_gamma: float | None = None
    burn_in_beta2: float | None = None
    burn_in_ema_half_life_images: int | None = None
    burn_in_augmentation: float | None = None
    precision: Precision = "fp32"


# The game as the article writes it; training.objective=non_saturating is what Goodfellow et al. 2014 trained with.
_ARTICLE = Recipe(
    game="latent_gan",
    network="vanilla",
    objective="minimax",
    latent_dimension=100,
    width=64,
    batch=64,
    learning_rate=2e-4,
    beta1=0.5,
    beta2=0.999,
    ema_half_life_images=10_000,
)

# The ResNets of Miyato et al. 2018 (SNGAN), narrowed from 128 to what two processor cores play.
_RESNET = Recipe(
    game="latent_gan",
    network="resnet",
    latent_dimension=128,
    width=32,
    batch=64,
    learning_rate=2e-4,
    learning_rate_decay="linear",
    beta1=0.0,
    beta2=0.9,
    discriminator_steps=5,
    ema_half_life_images=50_000,
    precision="bf16",
)

RECIPES: dict[str, Recipe] = {
    # Radford et al. 2016, with R1, shifted pictures, a tenfold rate and an average: the table is in EXPERIMENTS.md.
    "dcgan": Recipe(
        game="latent_gan",
        network="dcgan",
        objective="non_saturating",
        latent_dimension=100,
        width=32,
        batch=64,
        learning_rate=2e-3,
        rate_downsamples=2,
        beta1=0.5,
        beta2=0.99,
        r1_gamma=1.0,
        # Measured: the distance of every move's, or a little less, in nine tenths of the time (EXPERIMENTS.md).
        penalty_every_moves=4,
        augmentation=1.0,
        ema_half_life_images=10_000,
        precision="bf16",
    ),
    "vanilla": _ARTICLE,
    # The article's second generator: only the networks differ.
    "autoencoder": replace(_ARTICLE, network="autoencoder"),
    # Gulrajani et al. 2017: five moves of the critic, λ = 10, the rate falls to zero.
    "wgan_gp": replace(_RESNET, objective="wasserstein", gradient_penalty=10.0),
    # Miyato et al. 2018: hinge loss, a discriminator whose layers have spectral norm 1.
    "sngan": replace(_RESNET, objective="hinge", spectral_norm=True),
    # Huang et al. 2024 (R3GAN), narrowed from 768 to what two processor cores play, with a tenfold rate and constants
    # in place of its schedules. A picture costs four times as much here as in dcgan: the table is in EXPERIMENTS.md.
    # With classes, three minutes of that leave one picture a class; without, training.conditional=false, pictures vary.
    "r3gan": Recipe(
        game="latent_gan",
        network="r3",
        objective="relativistic",
        latent_dimension=64,
        width=8,
        batch=32,
        learning_rate=2e-3,
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
        latent_dimension=32,
        width=32,
        batch=64,
        learning_rate=1e-3,
        learning_rate_decay="linear",
        beta1=0.9,
        beta2=0.999,
        ema_half_life_images=10_000,
    ),
}


def find_recipe(name: str) -> Recipe:
    """Return the recipe of that name; ConfigurationError with the nearest name where there is none."""
    if name in RECIPES:
        return RECIPES[name]
    raise ConfigurationError(
        "training.recipe",
        expected="one of " + ", ".join(RECIPES),
        received=repr(name),
        remedy=suggest(name, RECIPES, cutoff=0.0),
    )
