"""Settings → the networks of a family, with their initial weights."""

from torch import nn

from ganops.config import Settings
from ganops.networks import article, autoencoder, dcgan, r3, vae
from ganops.networks.layers import initialise


def build_networks(settings: Settings) -> dict[str, nn.Module]:
    """Every network that the game needs, by name, initialised at (settings.seed, name), on the CPU, fp32."""
    networks = {name: initialise(network, name, settings.seed) for name, network in _construct(settings).items()}
    if settings.spectral_norm:
        from ganops.networks.spectral import spectrally_normalised

        networks["discriminator"] = spectrally_normalised(networks["discriminator"], "discriminator", settings.seed)
    return networks


def build_network(settings: Settings, name: str) -> nn.Module:
    """One network by name, without meaningful weights: they are about to be loaded."""
    return _construct(settings)[name]


def _construct(s: Settings) -> dict[str, nn.Module]:
    shape = (s.channels, s.height, s.width_pixels, s.classes)
    match s.network:
        case "dcgan":
            return {
                "generator": dcgan.Generator(s.latent_dimension, s.width, *shape),
                "discriminator": dcgan.Discriminator(s.width, *shape),
            }
        case "article":
            return {
                "generator": article.Generator(s.latent_dimension, s.width, *shape),
                "discriminator": article.Discriminator(s.width, *shape),
            }
        case "autoencoder":
            return {
                "generator": autoencoder.Generator(s.latent_dimension, s.width, *shape),
                "discriminator": article.Discriminator(s.width, *shape),
            }
        case "r3":
            return {
                "generator": r3.Generator(s.latent_dimension, s.width, *shape),
                "discriminator": r3.Discriminator(s.width, *shape),
            }
        case "resnet":
            from ganops.networks import resnet

            return {
                "generator": resnet.Generator(s.latent_dimension, s.width, *shape),
                "discriminator": resnet.Discriminator(s.width, *shape),
            }
        case "mlp":
            from ganops.networks import mlp

            return {
                "generator": mlp.Generator(s.latent_dimension, s.width, s.channels, s.classes),
                "discriminator": mlp.Discriminator(s.width, s.channels, s.classes),
            }
        case "vae":
            return {
                "encoder": vae.Encoder(s.latent_dimension, s.width, *shape),
                "decoder": vae.Decoder(s.latent_dimension, s.width, *shape),
            }
    raise AssertionError(s.network)
