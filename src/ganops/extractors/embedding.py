"""The embedding of the health probe: a space in which diversity is measured cheaply. No metric uses it."""

from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ganops.training_settings import Settings

# A feature extractor reads 224 × 224, seven times the side: a measurement must take less than a hundredth of the
# training between two.
SIDE = 32
_MEAN, _SCALE = 127.0, 128.0


def build_embedding(settings: Settings) -> Callable[[Tensor], Tensor]:
    """Return the embedding of stored samples.

    Pictures (B, C, H, W) uint8 become the 1280 features that EfficientNet-Lite0 has of them at 32 × 32; points (B, D)
    stay as they are. The network's weights are read at the first call.
    """
    if settings.sample.field == "point":
        return torch.Tensor.float

    def embed(pictures: Tensor) -> Tensor:
        from ganops.extractors.rgb import to_rgb

        levels = F.interpolate(to_rgb(pictures).float(), (SIDE, SIDE), mode="bicubic", antialias=True)
        levels = levels.round().clamp(0, 255).to(settings.runtime.device, memory_format=torch.channels_last)
        with torch.inference_mode():
            return _network(settings.runtime.device)((levels - _MEAN) / _SCALE)[0]

    return embed


@cache
def _network(device: str) -> torch.nn.Module:
    from ganops.extractors.efficientnet import Network, load
    from ganops.extractors.weights import EFFICIENTNET_LITE0, packaged_efficientnet, read_weights

    network = Network()
    load(network, read_weights(packaged_efficientnet(), EFFICIENTNET_LITE0))
    return network.eval().requires_grad_(False).to(device=device, memory_format=torch.channels_last)  # pyright: ignore
