"""A perceptual distance of pairs of pictures: the differences of a network's maps, at five resolutions.

The form is that of LPIPS (Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
equation 1) with all weights 1 and EfficientNet-Lite0 for the network. Its values are not those of LPIPS.
"""

from functools import cache

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from ganops.extractors.rgb import to_rgb
from ganops.extractors.weights import EFFICIENTNET_LITE0, read_packaged_weights
from ganops.networks.efficientnet import LITE0, LITE0_LEVEL_ENDS, fold, load, normalise

# Smaller pictures are enlarged to this side: the coarsest maps are a thirty-second of it.
LEAST_SIDE = 64
_CHUNK = 16


def perceptual_distance(
    samples: UInt8[Tensor, "n channels height width"], targets: UInt8[Tensor, "n channels height width"]
) -> Float[Tensor, " n"]:
    """Return the distance of each pair, at least 0.

    Raises:
        MetricError: the package of the weights or its file is missing, or has another sha256.
    """
    with torch.inference_mode():
        pairs = zip(samples.split(_CHUNK), targets.split(_CHUNK), strict=True)
        return torch.cat([_measure(one, other) for one, other in pairs])


def _measure(samples: Tensor, targets: Tensor) -> Tensor:
    ours, theirs = _prepare(samples), _prepare(targets)
    distance = torch.zeros(len(samples))
    for level in _levels():
        ours, theirs = level(ours), level(theirs)
        distance += (unit(ours) - unit(theirs)).square().sum(1).mean((1, 2))
    return distance


def _prepare(pictures: Tensor) -> Tensor:
    return normalise(enlarge(pictures)).contiguous(memory_format=torch.channels_last)


def unit(maps: Tensor) -> Tensor:
    """Scale the channels at each position to the length 1."""
    return F.normalize(maps, dim=1)


def enlarge(pictures: UInt8[Tensor, "n channels height width"]) -> Float[Tensor, "n 3 new_height new_width"]:
    """Return RGB levels 0 to 255 of pictures whose shorter side has at least LEAST_SIDE pixels."""
    levels = to_rgb(pictures).float()
    factor = LEAST_SIDE / min(levels.shape[2:])
    if factor > 1:
        levels = F.interpolate(levels, [round(side * factor) for side in levels.shape[2:]], mode="bicubic")
    return levels.clamp(0, 255)


@cache
def _levels() -> tuple[nn.Sequential, ...]:
    """Return the network in parts, one for each resolution from a half to a thirty-second."""
    body = fold(load(LITE0, read_packaged_weights(EFFICIENTNET_LITE0))).to(memory_format=torch.channels_last).body  # pyright: ignore[reportCallIssue]
    starts = (0, *LITE0_LEVEL_ENDS)
    return tuple(body[start:end] for start, end in zip(starts, LITE0_LEVEL_ENDS, strict=False))
