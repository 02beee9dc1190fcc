"""The watch's eyes: the space in which it measures diversity, cheap and never a judge, and the validation split."""

from collections.abc import Callable, Sequence
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ganops.data.loader import Loader
from ganops.data.store import Store
from ganops.training.probe import ProbeData
from ganops.training_settings import Settings

# A judge looks at 224 × 224, seven times the side: a look must cost less than a hundredth of the training between two.
SIDE = 32
_MEAN, _SCALE = 127.0, 128.0


def lookout(settings: Settings, store: Store, fields: Sequence[str]) -> ProbeData | None:
    """What the watch looks through; None where the store has no validation split, and the watch is blind."""
    if not len(store.indices("validation")):
        return None
    return ProbeData(embedding(settings), Loader(store, "validation", fields, settings.seed, settings.device))


def embedding(settings: Settings) -> Callable[[Tensor], Tensor]:
    """Of pictures (B, C, H, W) uint8, the 1280 features that EfficientNet-Lite0 has of them at 32 × 32; of points
    (B, D) themselves. The network is read when it is first needed."""
    if settings.field == "point":
        return torch.Tensor.float

    def features(pictures: Tensor) -> Tensor:
        from ganops.extractors.rgb import to_rgb

        levels = F.interpolate(to_rgb(pictures).float(), (SIDE, SIDE), mode="bicubic", antialias=True)
        levels = levels.round().clamp(0, 255).to(settings.device, memory_format=torch.channels_last)
        with torch.inference_mode():
            return _network(settings.device)((levels - _MEAN) / _SCALE)[0]

    return features


@cache
def _network(device: str) -> torch.nn.Module:
    from ganops.extractors.efficientnet import Network, load
    from ganops.extractors.weights import EFFICIENTNET_LITE0, packaged_efficientnet, read_weights

    network = Network()
    load(network, read_weights(packaged_efficientnet(), EFFICIENTNET_LITE0))
    return network.eval().requires_grad_(False).to(device=device, memory_format=torch.channels_last)  # pyright: ignore
