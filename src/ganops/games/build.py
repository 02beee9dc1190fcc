"""Builds the game that the settings describe."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from ganops.config import (
    AugmentationSettings,
    CompletionSettings,
    CycleGanSettings,
    FastCutSettings,
    LanguageModelSettings,
    LatentGanSettings,
    OwnGameSettings,
    SpectrogramGanSettings,
    TextGanSettings,
    TranslationSettings,
    VaeSettings,
    WaveGanSettings,
)
from ganops.games.completion import Completion
from ganops.games.cyclegan import CycleGan
from ganops.games.fastcut import FastCut
from ganops.games.game import Game
from ganops.games.language_model import LanguageModel
from ganops.games.latent_gan import AdaptiveAugmentation, LatentGan
from ganops.games.spectrogram_gan import SpectrogramGan
from ganops.games.text_gan import TextGan
from ganops.games.translation import Translation
from ganops.games.vae import VariationalAutoencoder
from ganops.games.wavegan import WaveGan
from ganops.networks.build import build_projection
from ganops.objectives.build import build_objective
from ganops.own import load_code
from ganops.spectrogram import Spectrogram
from ganops.tensors import Tensors
from ganops.training_settings import Settings

G = TypeVar("G", bound=LatentGan)


def build_game(settings: Settings, frozen_weights: Tensors | None = None) -> Game:
    """Build the game; the networks that it trains are built apart (`networks.build`).

    Args:
        settings: of the training.
        frozen_weights: those that settings.networks.frozen_weights names, without which such a game only samples.
    """
    match settings.game:
        case SpectrogramGanSettings() as game:
            spectrogram = Spectrogram(settings.sample.image_width, game.window, game.hop)
            return _build_latent_gan(
                partial(SpectrogramGan, spectrogram=spectrogram, phase_iterations=game.phase_iterations), game, settings
            )
        case WaveGanSettings() as game:
            return _build_latent_gan(WaveGan, game, settings)
        case LatentGanSettings() as game:
            projection = None if frozen_weights is None else build_projection(settings, frozen_weights)
            return _build_latent_gan(partial(LatentGan, projection=projection), game, settings)
        case VaeSettings() as game:
            return VariationalAutoencoder(game.latent_dimension, settings.sample.classes > 0)
        case CompletionSettings() as game:
            return _build_completion(game)
        case FastCutSettings() as game:
            return FastCut(
                objective=build_objective(game.objective),
                discriminator_steps=game.discriminator_steps,
                from_class=game.from_class,
                to_class=game.to_class,
                temperature=game.nce_temperature,
                patches=game.nce_patches,
            )
        case CycleGanSettings() as game:
            return CycleGan(
                objective=build_objective(game.objective),
                discriminator_steps=game.discriminator_steps,
                from_class=game.from_class,
                to_class=game.to_class,
                pool_size=game.pool_size,
                shape=settings.sample.shape,
            )
        case TranslationSettings() as game:
            return Translation(build_objective(game.objective), game.discriminator_steps, settings.sample.channels)
        case LanguageModelSettings():
            return LanguageModel(settings.sample.image_width)
        case TextGanSettings() as game:
            return TextGan(
                objective=build_objective(game.objective),
                discriminator_steps=game.discriminator_steps,
                length=settings.sample.image_width,
                adversary_from=game.adversary.begins(settings.budget.total_images),
                gumbel_temperature=game.gumbel_temperature,
            )
        case OwnGameSettings() as game:
            return load_code(game).build_game(settings)


def _build_completion(game: CompletionSettings) -> Completion:
    return Completion(
        objective=build_objective(game.objective),
        discriminator_steps=game.discriminator_steps,
        mask=game.mask,
        coverage=game.coverage,
        noise_dimension=game.noise_dimension,
    )


def _build_latent_gan(construct: Callable[..., G], game: LatentGanSettings, settings: Settings) -> G:
    """Construct the game with what every game of latents has."""
    return construct(
        objective=build_objective(game.objective),
        generates=settings.sample.field,
        latent_dimension=game.latent_dimension,
        conditional=settings.sample.classes > 0,
        discriminator_steps=game.discriminator_steps,
        policy=game.augmentation.policy,
        adaptive=_adaptive(game.augmentation, settings.budget.batch),
    )


def _adaptive(augmentation: AugmentationSettings, batch: int) -> AdaptiveAugmentation | None:
    if augmentation.target is None:
        return None
    return AdaptiveAugmentation(augmentation.probability.end, augmentation.target, batch)
