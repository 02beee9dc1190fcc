"""Spectral normalisation of a discriminator (Miyato et al. 2018, "Spectral Normalization for GANs").

Each weight W, as a matrix of (outputs, all else), is divided by its largest singular value σ ≈ uᵀ W v; one power
iteration per forward pass updates u and v. PyTorch's parametrisation, with addressed initial vectors and in float32.
"""

from typing import TypeVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrize import register_parametrization

from ganops.errors import ConfigurationError
from ganops.noise import Noise
from ganops.torch_private import SpectralNorm as TorchSpectralNorm

N = TypeVar("N", bound=nn.Module)

_FIRST_ITERATIONS = 15


def normalise_weights(network: N, name: str, seed: int) -> N:
    """Give every convolution, linear map and embedding a weight of spectral norm 1; return the network.

    Call it after the initial weights are set. Each u and v is drawn at the address (seed, network and layer name). In
    eval mode u and v do not change.

    Raises:
        ConfigurationError: the initial weights of a layer are zero and cannot be normalised.
    """
    layers = {
        path: m
        for path, m in network.named_modules()
        if isinstance(m, nn.Conv1d | nn.Conv2d | nn.Linear | nn.Embedding)
    }
    for path, layer in layers.items():
        if not layer.weight.any():
            raise _zero_weights_error(name, path)
        norm = SpectralNorm(layer.weight, Noise(seed, first=0, count=1), f"spectral/{name}/{path}")
        register_parametrization(layer, "weight", norm)
    return network


class SpectralNorm(TorchSpectralNorm):
    """W / σ(W), with addressed initial u and v after 15 power iterations, as in PyTorch."""

    def __init__(self, weight: Tensor, noise: Noise, stream: str) -> None:
        with torch.random.fork_rng(devices=[]):
            super().__init__(weight)
        for name in ("u", "v"):
            vector = self.get_buffer(f"_{name}")
            drawn = noise.normal(f"{stream}/{name}", tuple(vector.shape))[0]
            vector.copy_(F.normalize(drawn, dim=0))
        self._power_method(weight.detach().flatten(1), _FIRST_ITERATIONS)

    def forward(self, weight: Float[Tensor, "outputs ..."]) -> Float[Tensor, "outputs ..."]:
        """Return W / σ(W), in float32: in bfloat16 σ would be wrong by up to 0.4 %."""
        with torch.autocast(weight.device.type, enabled=False):
            return super().forward(weight)


def _zero_weights_error(network: str, layer: str) -> ConfigurationError:
    return ConfigurationError(
        "training.game.spectral_norm",
        expected=f"a {network} without zero-initialised layers",
        received=f"the layer {layer}, whose initial weights are all zero, so that their spectral norm is 0",
        remedy="Use another network, such as resnet or dcgan, or set training.game.spectral_norm=false.",
    )
