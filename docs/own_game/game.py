"""BEGAN (Berthelot et al. 2017): the discriminator is an autoencoder, its error is the score."""

from dataclasses import dataclass

import torch
from torch import nn

from ganops.games.game import Losses
from ganops.games.latent import LatentGame
from ganops.networks.layers import centre_crop, clamp, coarse_size, num_downsamples, to_maps, to_vectors, with_init_std


@dataclass(frozen=True)
class Began(LatentGame):
    latent_dimension: int
    diversity: float
    conditional = False
    generates = "image"
    players = {"discriminator": ("discriminator",), "generator": ("generator",)}
    inference_networks = ("generator",)

    def buffers(self, device):
        return {"k": torch.zeros((), device=device)}

    def losses(self, player, networks, batch, noise, weights, buffers):
        fake = self.sample(networks, {"latent": noise.normal(f"latent/{player}", (self.latent_dimension,))})
        error_fake = _error(networks, fake)
        if player == "generator":
            return Losses({"loss/generator": error_fake})
        error_real = _error(networks, batch["image"])
        terms = {"loss/discriminator": error_real - buffers["k"] * error_fake}
        return Losses(terms, {"logit/real": -error_real, "logit/fake": -error_fake})

    def after_update(self, player, means, buffers, update):
        if player == "discriminator":
            buffers["k"].add_(1e-3 * (means["logit/fake"] - self.diversity * means["logit/real"])).clamp_(0, 1)

    def sample(self, networks, inputs):
        return clamp(networks["generator"](inputs["latent"]).float())


def _error(networks, pictures):
    return (pictures - networks["discriminator"](pictures).float()).abs().flatten(1).mean(1)


class Decoder(nn.Module):
    def __init__(self, latent, width, spec):
        super().__init__()
        self.size, self.coarse = spec.size, coarse_size(*spec.size)
        self.first = with_init_std(nn.Linear(latent, width * self.coarse[0] * self.coarse[1]))
        self.ups = nn.Sequential(*(_doubling(width) for _ in range(num_downsamples(*spec.size))))
        self.last = _conv(width, spec.channels)

    def forward(self, latent):
        return centre_crop(self.last(self.ups(to_maps(self.first(latent), *self.coarse))), *self.size)


class Autoencoder(nn.Module):
    def __init__(self, latent, width, spec):
        super().__init__()
        inputs = [spec.channels, *[width] * (num_downsamples(*spec.size) - 1)]
        self.downs = nn.Sequential(*(layer for n in inputs for layer in (_conv(n, width, stride=2), nn.ELU())))
        features = to_vectors(self.downs(torch.zeros(1, *spec.shape))).shape[1]
        self.encode, self.decode = with_init_std(nn.Linear(features, latent)), Decoder(latent, width, spec)

    def forward(self, pictures):
        return self.decode(self.encode(to_vectors(self.downs(pictures))))


def _conv(inputs, outputs, stride=1):
    return with_init_std(nn.Conv2d(inputs, outputs, 3, stride, 1), gain=1.4)


def _doubling(width):
    return nn.Sequential(nn.Upsample(scale_factor=2), _conv(width, width), nn.ELU())


def build_networks(settings):
    sizes = settings.game.latent_dimension, settings.networks.base_channels, settings.sample
    return {"generator": Decoder(*sizes), "discriminator": Autoencoder(*sizes)}


def build_game(settings):
    return Began(settings.game.latent_dimension, settings.game.diversity)
