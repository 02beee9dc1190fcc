"""Builds the networks that the settings describe, with their initial weights."""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from ganops.config import (
    CompletionSettings,
    LanguageModelSettings,
    LatentGanSettings,
    OwnGameSettings,
    TextGanSettings,
    VaeSettings,
    WaveGanSettings,
)
from ganops.networks import (
    antialiased,
    autoencoder,
    cut,
    dcgan,
    fastgan,
    mlp,
    patchgan,
    projected,
    r3,
    recurrent,
    resnet,
    unet,
    vae,
    vanilla,
    wavegan,
)
from ganops.networks.layers import initialise
from ganops.networks.spectral import normalise_weights
from ganops.own import load_code
from ganops.tensors import Tensors
from ganops.training_settings import SampleSpec, Settings


def build_networks(settings: Settings) -> dict[str, nn.Module]:
    """Build every network that the game needs, by name, initialised at (settings.seed, name), on the CPU, in fp32."""
    networks = {name: initialise(network, name, settings.seed) for name, network in _construct(settings).items()}
    return {name: _normalise(settings, name, network) for name, network in networks.items()}


def build_network(settings: Settings, name: str) -> nn.Module:
    """Build one network by name, without meaningful weights, as a place for loaded ones."""
    return _normalise(settings, name, _construct(settings)[name])


def build_projection(settings: Settings, weights: Tensors) -> projected.Projection:
    """Build what the discriminator of the family `projected` reads pictures by, on the settings' device."""
    layout = torch.channels_last if settings.runtime.channels_last else torch.contiguous_format
    projection = projected.Projection(settings.sample, weights, settings.seed)
    return projection.to(device=settings.runtime.device, memory_format=layout)  # pyright: ignore


def _normalise(settings: Settings, name: str, network: nn.Module) -> nn.Module:
    if name.endswith("discriminator") and settings.adversarial and settings.adversarial.spectral_norm:
        return normalise_weights(network, name, settings.seed)
    return network


def _construct(settings: Settings) -> dict[str, nn.Module]:
    match settings.networks.family:
        case "dcgan":
            return _two_players(settings, dcgan.Generator, dcgan.Discriminator)
        case "antialiased":
            return _two_players(settings, antialiased.Generator, antialiased.Discriminator)
        case "vanilla":
            return _two_players(settings, vanilla.Generator, vanilla.Discriminator)
        case "autoencoder":
            return _two_players(settings, autoencoder.Generator, vanilla.Discriminator)
        case "r3":
            return _two_players(settings, r3.Generator, r3.Discriminator)
        case "resnet":
            return _two_players(settings, resnet.Generator, resnet.Discriminator)
        case "projected":
            return _two_players(settings, fastgan.Generator, projected.Discriminator)
        case "mlp":
            return _two_players(settings, mlp.Generator, mlp.Discriminator)
        case "wavegan":
            assert isinstance(settings.game, WaveGanSettings), settings.game
            discriminator = partial(wavegan.Discriminator, settings.game.phase_shuffle)
            return _two_players(settings, wavegan.Generator, discriminator)
        case "vae":
            assert isinstance(settings.game, VaeSettings), settings.game
            sizes = settings.game.latent_dimension, settings.networks.base_channels, settings.sample
            return {"encoder": vae.Encoder(*sizes), "decoder": vae.Decoder(*sizes)}
        case "unet":
            return _complete(settings)
        case "cut":
            base_channels, spec = settings.networks.base_channels, settings.sample
            return {
                "generator": cut.Generator(base_channels, spec),
                "heads": cut.Heads(base_channels, spec),
                "discriminator": _patch_discriminator(base_channels, spec),
            }
        case "cycle":
            base_channels, spec = settings.networks.base_channels, settings.sample
            generators = {name: cut.Generator(base_channels, spec) for name in ("generator", "inverse_generator")}
            names = ("discriminator", "inverse_discriminator")
            discriminators = {name: _patch_discriminator(base_channels, spec) for name in names}
            return {**generators, **discriminators}
        case "patchgan":
            base_channels, spec = settings.networks.base_channels, settings.sample
            return {
                "generator": unet.UNet(base_channels, spec, spec.input_channels),
                "discriminator": patchgan.Discriminator(base_channels, spec.channels + spec.input_channels, spec.size),
            }
        case "recurrent":
            assert isinstance(settings.game, LanguageModelSettings | TextGanSettings), settings.game
            base_channels, spec = settings.networks.base_channels, settings.sample
            generator = {"generator": recurrent.Generator(settings.game.dropout, base_channels, spec)}
            adversary = {"discriminator": recurrent.Discriminator(base_channels, spec)} if settings.adversarial else {}
            return {**generator, **adversary}
        case "own":
            assert isinstance(settings.game, OwnGameSettings), settings.game
            return load_code(settings.game).build_networks(settings)
    raise AssertionError(settings.networks.family)


def _patch_discriminator(base_channels: int, spec: SampleSpec) -> patchgan.Discriminator:
    # Measured: of the generator's own width, it leaves photographs blurred (EXPERIMENTS.md).
    return patchgan.Discriminator(2 * base_channels, spec.channels, spec.size)


def _complete(settings: Settings) -> dict[str, nn.Module]:
    assert isinstance(settings.game, CompletionSettings), settings.game
    base_channels, spec = settings.networks.base_channels, settings.sample
    with_mask = spec.model_copy(update={"channels": spec.channels + 1})
    return {
        "generator": unet.Completer(base_channels, spec, settings.game.noise_dimension),
        "discriminator": dcgan.Discriminator(base_channels, with_mask),
    }


def _two_players(
    settings: Settings, generator: Callable[..., nn.Module], discriminator: Callable[..., nn.Module]
) -> dict[str, nn.Module]:
    assert isinstance(settings.game, LatentGanSettings), settings.game
    base_channels, spec = settings.networks.base_channels, settings.network_sample
    return {
        "generator": generator(settings.game.latent_dimension, base_channels, spec),
        "discriminator": discriminator(base_channels, spec),
    }
