"""Settings → the game."""

from ganops.config import Settings
from ganops.games.game import Game
from ganops.games.noise_to_picture import NoiseToPicture
from ganops.games.vae import VariationalAutoencoder
from ganops.objectives.build import build_objective


def build_game(settings: Settings) -> Game:
    """The game that the settings name."""
    conditional = settings.classes > 0
    match settings.game:
        case "noise_to_picture":
            assert settings.objective is not None, settings.recipe
            return NoiseToPicture(
                build_objective(settings.objective),
                settings.latent_dimension,
                conditional,
                settings.r1_gamma or 0.0,
                settings.r2_gamma or 0.0,
                settings.augmentation or 0.0,
            )
        case "vae":
            return VariationalAutoencoder(settings.latent_dimension, conditional)
