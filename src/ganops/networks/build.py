"""Settings → the networks of a family, with their initial weights."""

from collections.abc import Callable

from torch import nn

from ganops.networks import autoencoder, dcgan, mlp, r3, resnet, vae, vanilla
from ganops.networks.layers import initialise
from ganops.networks.spectral import spectrally_normalised
from ganops.training_settings import Settings


def build_networks(settings: Settings) -> dict[str, nn.Module]:
    """Every network that the game needs, by name, initialised at (settings.seed, name), on the CPU, fp32."""
    networks = {name: initialise(network, name, settings.seed) for name, network in _construct(settings).items()}
    return {name: _normalised(settings, name, network) for name, network in networks.items()}


def build_network(settings: Settings, name: str) -> nn.Module:
    """One network by name, without meaningful weights: they are about to be loaded."""
    return _normalised(settings, name, _construct(settings)[name])


def _normalised(settings: Settings, name: str, network: nn.Module) -> nn.Module:
    if settings.spectral_norm and name == "discriminator":
        return spectrally_normalised(network, name, settings.seed)
    return network


def _construct(s: Settings) -> dict[str, nn.Module]:
    picture = (s.channels, s.height, s.width_pixels, s.classes)
    vector = (s.channels, s.classes)
    match s.network:
        case "dcgan":
            return _two_players(s, dcgan.Generator, dcgan.Discriminator, picture)
        case "vanilla":
            return _two_players(s, vanilla.Generator, vanilla.Discriminator, picture)
        case "autoencoder":
            return _two_players(s, autoencoder.Generator, vanilla.Discriminator, picture)
        case "r3":
            return _two_players(s, r3.Generator, r3.Discriminator, picture)
        case "resnet":
            return _two_players(s, resnet.Generator, resnet.Discriminator, picture)
        case "mlp":
            return _two_players(s, mlp.Generator, mlp.Discriminator, vector)
        case "vae":
            return {
                "encoder": vae.Encoder(s.latent_dimension, s.width, *picture),
                "decoder": vae.Decoder(s.latent_dimension, s.width, *picture),
            }
    raise AssertionError(s.network)


def _two_players(
    s: Settings, generator: Callable[..., nn.Module], discriminator: Callable[..., nn.Module], shape: tuple[int, ...]
) -> dict[str, nn.Module]:
    return {
        "generator": generator(s.latent_dimension, s.width, *shape),
        "discriminator": discriminator(s.width, *shape),
    }
