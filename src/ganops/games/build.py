"""Settings → the game."""

from ganops.games.game import Game
from ganops.games.latent_gan import AdaptiveAugmentation, LatentGan
from ganops.games.vae import VariationalAutoencoder
from ganops.objectives.build import build_objective
from ganops.training_settings import Settings


def build_game(settings: Settings) -> Game:
    """The game that the settings name."""
    conditional = settings.classes > 0
    match settings.game:
        case "latent_gan":
            assert settings.objective is not None, settings.recipe
            return LatentGan(
                build_objective(settings.objective),
                settings.field,
                settings.latent_dimension,
                conditional,
                settings.discriminator_steps or 1,
                settings.augmentation_policy or "translation",
                _adaptive(settings),
            )
        case "vae":
            return VariationalAutoencoder(settings.latent_dimension, conditional)


def _adaptive(settings: Settings) -> AdaptiveAugmentation | None:
    if settings.augmentation_target is None:
        return None
    return AdaptiveAugmentation(settings.augmentation or 0.0, settings.augmentation_target, settings.batch)
