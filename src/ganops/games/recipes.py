"""The table of recipes: a row holds all settings that a paper, or a measurement of ours, states.

What depends on resolution, channels, classes, batch and device is derived by `resolve`.
"""

import math
from dataclasses import replace
from typing import TypeVar

from ganops.config import (
    EFFICIENTNET_LITE0_SHA256,
    NOUNS,
    CompletionSettings,
    CycleGanSettings,
    FastCutSettings,
    FieldName,
    LanguageModelSettings,
    LatentGanSettings,
    NetworkSettings,
    OptimizerSettings,
    SpectrogramGanSettings,
    TextGanSettings,
    TranslationSettings,
    VaeSettings,
    WaveGanSettings,
)
from ganops.errors import ConfigurationError, suggest
from ganops.own import add_recipes
from ganops.parameters import Parameters, Ramp
from ganops.recipe import Recipe

G = TypeVar("G", bound=LatentGanSettings)

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
            **{f"game.{key}": f"{_POINTS_GAMMA:g} · that of the recipe for pictures" for key in gammas},
        },
    )
    return replace(recipe, for_fields={points.field: points})


def _with_wave_constants(kind: type[G], game: Parameters, **own: int) -> G:
    """Return the settings of a game of waves: those of a game of pictures, without augmentation, and its own."""
    augmentation = {"probability": 0.0, "policy": "translation", "target": None}
    return kind.parse({**{name: value for name, value in game if name != "kind"}, "augmentation": augmentation, **own})


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

_WGAN_GP = replace(_RESNET, game=_RESNET.game.replace({"objective": "wasserstein", "gradient_penalty": 10.0}))

_UNPAIRED = {
    "objective": "least_squares",
    "discriminator_steps": 1,
    "r1_gamma": 0.0,
    "penalty_interval": 1,
    "spectral_norm": True,
    "from_class": 0,
    "to_class": 1,
}

# Park et al. 2020 (FastCUT), for small pictures: batches of 2, spectral norm in the discriminator. Measured: at equal
# seconds many small updates are better than few large ones, by far (EXPERIMENTS.md).
_FASTCUT = Recipe(
    game=FastCutSettings.parse({**_UNPAIRED, "nce_weight": 10.0, "nce_temperature": 0.07, "nce_patches": 256}),
    networks=NetworkSettings(family="cut", base_channels=32),
    batch=2,
    optimizer=OptimizerSettings.parse(
        {"learning_rate": 1e-3, "learning_rate_decay": "linear", "beta1": 0.5, "beta2": 0.999}
    ),
    precision="bf16",
    budget_divisor=20,
    # Measured: instance normalisation of bfloat16 takes twice the time in that memory format (EXPERIMENTS.md).
    channels_last=False,
    without=("conditional",),
)

# A model of text by maximum likelihood. Measured: EXPERIMENTS.md.
_TEXT_MLE = Recipe(
    game=LanguageModelSettings(dropout=0.2),
    networks=NetworkSettings(family="recurrent", base_channels=128),
    batch=64,
    optimizer=OptimizerSettings.parse(
        {"learning_rate": 3e-3, "learning_rate_decay": "linear", "beta1": 0.9, "beta2": 0.99}
    ),
    channels_last=False,
    without=("conditional", "mirror"),
    field="tokens",
)

_SHIPPED: dict[str, Recipe] = {
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
    "wgan_gp": _with_points(_WGAN_GP),
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
    # generator, narrowed to what two processor cores can train. By class, some classes of few pictures failed
    # (EXPERIMENTS.md).
    "projected": Recipe(
        game=_VANILLA.game.replace(
            {
                "objective": "hinge",
                "spectral_norm": True,
                "augmentation.policy": "diffaugment",
                "augmentation.target": 0.6,
            }
        ),
        networks=NetworkSettings(family="projected", base_channels=16, frozen_weights=EFFICIENTNET_LITE0_SHA256),
        batch=16,
        optimizer=_VANILLA.optimizer.replace({"learning_rate": 1e-3, "beta1": 0.0, "beta2": 0.99}),
        precision="bf16",
        conditional=False,
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
    # Isola et al. 2017 (pix2pix), for small pictures: batches of 16 in place of 1, and spectral norm in place of batch
    # norm.
    "pix2pix": Recipe(
        game=TranslationSettings.parse(
            {
                "objective": "non_saturating",
                "discriminator_steps": 1,
                "r1_gamma": 0.0,
                "penalty_interval": 1,
                "spectral_norm": True,
                "l1_weight": 100.0,
            }
        ),
        networks=NetworkSettings(family="patchgan", base_channels=32),
        batch=16,
        optimizer=OptimizerSettings.parse(
            {"learning_rate": 5e-4, "learning_rate_decay": "linear", "beta1": 0.5, "beta2": 0.999}
        ),
        precision="bf16",
        budget_divisor=6,
        without=("conditional",),
        from_input=True,
    ),
    "fastcut": _FASTCUT,
    # Zhu et al. 2017 (CycleGAN), for small pictures, with the constants of fastcut.
    "cyclegan": replace(
        _FASTCUT,
        game=CycleGanSettings.parse({**_UNPAIRED, "cycle_weight": 10.0, "identity_weight": 0.5, "pool_size": 50}),
        networks=NetworkSettings(family="cycle", base_channels=32),
        budget_divisor=40,
    ),
    # A GAN of spectrograms, phases by Griffin-Lim: networks, losses and constants of antialiased. On spoken digits
    # spectrograms beat waves (Nistal et al. 2020, "Comparing Representations for Audio Synthesis Using GANs").
    "spectrogram_gan": Recipe(
        # At 8,000 hertz; at others `resolve` chooses window and hop.
        game=_with_wave_constants(SpectrogramGanSettings, _DCGAN.game, window=256, hop=128, phase_iterations=32),
        networks=NetworkSettings(family="antialiased", base_channels=16),
        batch=64,
        optimizer=_DCGAN.optimizer.replace({"beta1": 0.0, "learning_rate_decay": "linear"}),
        precision="bf16",
        without=("mirror", "game.augmentation"),
        field="wave",
    ),
    # Donahue et al. 2019 (WaveGAN), narrowed from 64 channels to what two processor cores can train: the baseline of
    # sound.
    "wavegan": Recipe(
        game=_with_wave_constants(WaveGanSettings, _WGAN_GP.game, latent_dimension=100, phase_shuffle=2),
        networks=NetworkSettings(family="wavegan", base_channels=16),
        batch=64,
        optimizer=_VANILLA.optimizer.replace({"learning_rate": 1e-4, "beta2": 0.9}),
        precision="bf16",
        without=("mirror", "game.augmentation"),
        field="wave",
    ),
    # A U-Net that fills a hole (Pathak et al. 2016, "Context Encoders"; Iizuka et al. 2017), with R1.
    "completion": Recipe(
        game=CompletionSettings.parse(
            {
                "objective": "non_saturating",
                "discriminator_steps": 1,
                "r1_gamma": 1.0,
                "penalty_interval": 4,
                "spectral_norm": False,
                "l1_weight": 10.0,
                "mask": "centre",
                "coverage": 0.25,
                "noise_dimension": 0,
                "mode_seeking_weight": 0.0,
                "feature_matching_weight": 0.0,
            }
        ),
        networks=NetworkSettings(family="unet", base_channels=32),
        batch=16,
        optimizer=OptimizerSettings.parse(
            {"learning_rate": 1e-3, "learning_rate_decay": "none", "beta1": 0.5, "beta2": 0.99}
        ),
        precision="bf16",
        budget_divisor=6,
        without=("conditional",),
    ),
    # The baseline of every table of text.
    "text_mle": _TEXT_MLE,
    # The same model, from half of the training on against a discriminator too (after RelGAN, Nie et al. 2019), with the
    # likelihood kept on.
    "text_gan": replace(
        _TEXT_MLE,
        game=TextGanSettings.parse(
            {
                "objective": "relativistic",
                "discriminator_steps": 1,
                # Measured: under 1.0 the discriminator does not learn (EXPERIMENTS.md).
                "r1_gamma": 0.01,
                "penalty_interval": 4,
                "spectral_norm": False,
                "dropout": 0.2,
                "likelihood_weight": 1.0,
                "adversarial_weight": 10.0,
                "adversary_from": 0.5,
                "gumbel_temperature": 1.0,
            }
        ),
    ),
}

RECIPES = add_recipes(_SHIPPED)


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
            expected="one of " + ", ".join(suitable) + f", since the data are {NOUNS[field].many}",
            received=f"{name}, a recipe for {NOUNS[recipe.field].many}",
            remedy="Choose another training.recipe.",
        )
    return recipe.for_fields[field]
