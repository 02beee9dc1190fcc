"""The table of recipes: a row holds all settings that a paper, or a measurement of ours, states.

What depends on resolution, channels, classes, batch and device is derived by `resolve`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ganops.config import (
    EFFICIENTNET_LITE0_SHA256,
    CompletionSettings,
    EmaSettings,
    FieldName,
    LatentGanSettings,
    NetworkSettings,
    OptimizerSettings,
    Precision,
    VaeSettings,
)
from ganops.errors import ConfigurationError, suggest
from ganops.parameters import Ramp

# Measured: as good as a length chosen after training, or nearly (EXPERIMENTS.md).
_EMA = EmaSettings(relative_length=0.06)


@dataclass(frozen=True)
class Recipe:
    """A row of the table, in parts of the settings; times are in images seen.

    Attributes:
        rate_downsamples: the learning rate is for networks with this many downsamplings; deeper ones have a
            proportionally lower rate; None: it holds at any depth.
        burn_in_share: share of total_images in which each ramp moves from its start to its end.
        latent_per_channel: latents per channel of a sample, in place of the game's latent dimension; None: the game's.
        channels_last: whether to use that memory format where the device supports it.
        without: keys of `training` that the recipe has no use for; a group's key stands for all keys in it.
        reasons: key of `training` → why its value differs from that of the recipe for images.
        for_fields: the recipes of the same name for other fields.
        field: of the samples that it is for.
    """

    game: LatentGanSettings | VaeSettings | CompletionSettings
    networks: NetworkSettings
    optimizer: OptimizerSettings
    batch: int
    ema: EmaSettings = _EMA
    precision: Precision = "fp32"
    rate_downsamples: int | None = None
    burn_in_share: float = 0.0
    latent_per_channel: int | None = None
    channels_last: bool = True
    without: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    for_fields: "Mapping[FieldName, Recipe]" = field(default_factory=dict)
    field: FieldName = "image"


_POINTS_BATCH, _POINTS_GAMMA = 256, 0.1


def _with_points(recipe: Recipe) -> Recipe:
    """Add the recipe for points: a plain MLP. The network settings of a convolutional recipe hold for images alone.

    Measured: EXPERIMENTS.md. There are as many latents as coordinates: with 100 for two, only 5 to 40 % of the samples
    lie near a mode. Larger batches allow a larger rate, by the root of their ratio (Malladi et al. 2022, for Adam).
    """
    game, optimizer, factor = recipe.game, recipe.optimizer, math.sqrt(_POINTS_BATCH / recipe.batch)
    assert isinstance(game, LatentGanSettings), game
    gammas = {key: _scale(getattr(game, key), _POINTS_GAMMA) for key in ("r1_gamma", "r2_gamma")}
    rate = f"the recipe's {optimizer.learning_rate} · √({_POINTS_BATCH} / {recipe.batch})"
    points = replace(
        recipe,
        game=game.replace({**gammas, "penalty_interval": 1, "augmentation.probability": 0.0}),
        networks=NetworkSettings(family="mlp", base_channels=128),
        optimizer=optimizer.replace(
            {"learning_rate": _scale(optimizer.learning_rate, factor), "learning_rate_decay": "linear", "beta1": 0.0}
        ),
        batch=_POINTS_BATCH,
        precision="fp32",
        rate_downsamples=None,
        latent_per_channel=1,
        channels_last=False,
        without=("mirror", "game.augmentation"),
        field="point",
        reasons={
            "learning_rate": rate,
            **{f"game.{key}": f"{_POINTS_GAMMA:g} · that of the recipe for images" for key in gammas},
        },
    )
    return replace(recipe, for_fields={points.field: points})


def _scale(ramp: Ramp, factor: float) -> dict[str, float]:
    return {"start": factor * ramp.start, "end": factor * ramp.end}


# As the paper's abstract game: objective=non_saturating is what Goodfellow et al. 2014 trained with.
_VANILLA = Recipe(
    game=LatentGanSettings.parse(
        {
            "objective": "minimax",
            "latent_dimension": 100,
            "discriminator_steps": 1,
            "r1_gamma": 0.0,
            "r2_gamma": 0.0,
            "gradient_penalty": 0.0,
            "penalty_interval": 1,
            "spectral_norm": False,
            "augmentation": {"probability": 0.0, "policy": "translation", "target": None},
        }
    ),
    networks=NetworkSettings(family="vanilla", base_channels=64),
    batch=64,
    optimizer=OptimizerSettings.parse(
        {"learning_rate": 2e-4, "learning_rate_decay": "none", "beta1": 0.5, "beta2": 0.999}
    ),
)

_DCGAN = Recipe(
    game=_VANILLA.game.replace(
        {
            "objective": "non_saturating",
            "r1_gamma": 1.0,
            # Measured: as good as in every update, or nearly, in nine tenths of the time (EXPERIMENTS.md).
            "penalty_interval": 4,
            "augmentation.probability": 1.0,
        }
    ),
    networks=NetworkSettings(family="dcgan", base_channels=32),
    batch=64,
    optimizer=_VANILLA.optimizer.replace({"learning_rate": 2e-3, "beta2": 0.99}),
    rate_downsamples=2,
    precision="bf16",
)

# The ResNets of Miyato et al. 2018 (SNGAN), narrowed from 128 channels to what two processor cores can train.
_RESNET = Recipe(
    game=_VANILLA.game.replace({"objective": "hinge", "latent_dimension": 128, "discriminator_steps": 5}),
    networks=NetworkSettings(family="resnet", base_channels=32),
    batch=64,
    optimizer=OptimizerSettings.parse(
        {"learning_rate": 2e-4, "learning_rate_decay": "linear", "beta1": 0.0, "beta2": 0.9}
    ),
    precision="bf16",
)

RECIPES: dict[str, Recipe] = {
    # Low-pass filters at every change of resolution, self-modulation, R1, a rate that falls to zero, no augmentation:
    # the default. The tables are in EXPERIMENTS.md.
    "antialiased": _with_points(
        replace(
            _DCGAN,
            game=_DCGAN.game.replace({"augmentation.probability": 0.0}),
            networks=NetworkSettings(family="antialiased", base_channels=16),
            optimizer=_DCGAN.optimizer.replace({"beta1": 0.0, "learning_rate_decay": "linear"}),
        )
    ),
    # Radford et al. 2016, with R1, shifted images, a tenfold rate and an EMA: the table is in EXPERIMENTS.md.
    "dcgan": _with_points(_DCGAN),
    # The multilayer perceptron and the small convolutional discriminator that the project began with.
    "vanilla": _with_points(_VANILLA),
    # As vanilla, with an autoencoder of noise as the generator: only the networks differ.
    "autoencoder_gan": _with_points(
        replace(_VANILLA, networks=NetworkSettings(family="autoencoder", base_channels=64))
    ),
    # Gulrajani et al. 2017: five updates of the critic, λ = 10, a rate that falls to zero.
    "wgan_gp": _with_points(
        replace(_RESNET, game=_RESNET.game.replace({"objective": "wasserstein", "gradient_penalty": 10.0}))
    ),
    # Miyato et al. 2018: hinge loss, a discriminator whose layers have spectral norm 1.
    "sngan": _with_points(replace(_RESNET, game=_RESNET.game.replace({"spectral_norm": True}))),
    # Huang et al. 2024 (R3GAN), narrowed from 768 channels to what two processor cores can train, with a tenfold rate
    # and constants in place of its schedules. An image costs four times as much as in dcgan: the table is in
    # EXPERIMENTS.md.
    "r3gan": _with_points(
        Recipe(
            game=_VANILLA.game.replace(
                {
                    "objective": "relativistic",
                    "latent_dimension": 64,
                    "r1_gamma": 1.0,
                    "r2_gamma": 1.0,
                    "augmentation.probability": 1.0,
                }
            ),
            networks=NetworkSettings(family="r3", base_channels=8),
            batch=32,
            optimizer=_VANILLA.optimizer.replace({"learning_rate": 2e-3, "beta1": 0.0, "beta2": 0.99}),
            precision="bf16",
        )
    ),
    # Sauer et al. 2021 (Projected GAN): a discriminator that reads pictures by features of ImageNet, and FastGAN's
    # generator, narrowed to what two processor cores can train.
    "projected": Recipe(
        game=_VANILLA.game.replace(
            {
                "objective": "hinge",
                "spectral_norm": True,
            }
        ),
        networks=NetworkSettings(family="projected", base_channels=16, frozen_weights=EFFICIENTNET_LITE0_SHA256),
        batch=16,
        optimizer=_VANILLA.optimizer.replace({"learning_rate": 1e-3, "beta1": 0.0, "beta2": 0.99}),
        precision="bf16",
    ),
    # Kingma and Welling 2014, with the learned σ of Rybkin et al. 2021: the baseline of every table.
    "vae": Recipe(
        game=VaeSettings(latent_dimension=32),
        networks=NetworkSettings(family="vae", base_channels=32),
        batch=64,
        optimizer=OptimizerSettings.parse(
            {"learning_rate": 1e-3, "learning_rate_decay": "linear", "beta1": 0.9, "beta2": 0.999}
        ),
    ),
    # A U-Net that fills a centred hole (Pathak et al. 2016, "Context Encoders"; Iizuka et al. 2017), with R1.
    "completion": Recipe(
        game=CompletionSettings.parse(
            {
                "objective": "non_saturating",
                "discriminator_steps": 1,
                "r1_gamma": 1.0,
                "penalty_interval": 4,
                "spectral_norm": False,
                "l1_weight": 10.0,
                "hole": 0.5,
            }
        ),
        networks=NetworkSettings(family="unet", base_channels=32),
        batch=64,
        optimizer=OptimizerSettings.parse(
            {"learning_rate": 5e-4, "learning_rate_decay": "none", "beta1": 0.5, "beta2": 0.99}
        ),
        precision="bf16",
        without=("conditional",),
    ),
}


def find_recipe(name: str, field: FieldName | None = None) -> Recipe:
    """Return the recipe of that name for data of that field; None: for the field that it was made for.

    Raises:
        ConfigurationError: there is none; the remedy is the nearest name.
    """
    if name not in RECIPES:
        raise ConfigurationError(
            "training.recipe",
            expected="one of " + ", ".join(RECIPES),
            received=repr(name),
            remedy=suggest(name, RECIPES, cutoff=0.0),
        )
    recipe = RECIPES[name]
    if field in (None, recipe.field):
        return recipe
    if field not in recipe.for_fields:
        suitable = [other for other, row in RECIPES.items() if field in (row.field, *row.for_fields)]
        raise ConfigurationError(
            "training.recipe",
            expected="one of " + ", ".join(suitable) + f", since the data are {field}s",
            received=f"{name}, a recipe for {recipe.field}s",
            remedy="Choose another training.recipe.",
        )
    return recipe.for_fields[field]
