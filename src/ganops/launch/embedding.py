"""The space in which the watch measures diversity: cheap, the same for every data set, and never a judge."""

from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ganops.config import Settings

# An eighth of a judge's side in each direction: a look must cost less than a hundredth of the training between two.
SIDE = 32
_MEAN, _SCALE = 127.0, 128.0


def embedding(settings: Settings) -> Callable[[Tensor], Tensor]:
    """Of pictures (B, C, H, W) uint8, the 1280 features that EfficientNet-Lite0 has of them at 32 × 32; of points
    (B, D) themselves. The network is read when it is first needed."""
    if settings.field == "point":
        return torch.Tensor.float

    def features(pictures: Tensor) -> Tensor:
        from ganops.metrics.colours import to_rgb

        levels = F.interpolate(to_rgb(pictures).float(), (SIDE, SIDE), mode="bicubic", antialias=True)
        levels = levels.round().clamp(0, 255).to(settings.device, memory_format=torch.channels_last)
        with torch.inference_mode():
            return _network(settings.device)((levels - _MEAN) / _SCALE)[0]

    return features


@cache
def _network(device: str) -> torch.nn.Module:
    from ganops.metrics.efficientnet import Network, load
    from ganops.metrics.weights import EFFICIENTNET_LITE0, packaged_efficientnet, read_weights

    network = Network()
    load(network, read_weights(packaged_efficientnet(), EFFICIENTNET_LITE0))
    return network.eval().requires_grad_(False).to(device=device, memory_format=torch.channels_last)  # pyright: ignore
