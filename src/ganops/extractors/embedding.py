"""The embedding of the health probe: a space in which diversity is measured cheaply. No metric uses it."""

from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ganops.config import FieldName
from ganops.data.encodings import encode_waves
from ganops.extractors.ngrams import embed_ngrams
from ganops.spectrogram import Spectrogram
from ganops.training_settings import Settings

# A feature extractor reads 224 × 224, seven times the side: a measurement must take less than a hundredth of the
# training between two.
SIDE = 32
# Window and hop of a spectrogram, in samples.
_WAVE_FRAMES, _WAVE_PARTS = (256, 128), (16, 16)

Embedding = Callable[[Tensor], Tensor]


def build_embedding(settings: Settings) -> Embedding:
    """Return the embedding of stored samples: (B, *shape) → features (B, D)."""
    return EMBEDDINGS[settings.sample.field](settings.runtime.device)


def _embed_points(device: str) -> Embedding:
    """Return the map from points (B, D) to themselves: they are their own features."""
    return torch.Tensor.float


def _embed_lines(device: str) -> Embedding:
    """Return the map from lines (B, L) to features of their n-grams."""
    return lambda lines: embed_ngrams(lines.cpu())


def _embed_pictures(device: str) -> Embedding:
    """Return the map from uint8 pictures (B, C, H, W) to 1280 features of EfficientNet-Lite0 at 32 × 32.

    The network's weights are read at the first call.
    """

    def embed(pictures: Tensor) -> Tensor:
        from ganops.extractors.rgb import to_rgb
        from ganops.networks.efficientnet import normalise

        levels = F.interpolate(to_rgb(pictures).float(), (SIDE, SIDE), mode="bicubic", antialias=True)
        levels = levels.round().clamp(0, 255).to(device, memory_format=torch.channels_last)
        with torch.inference_mode():
            return _network(device)(normalise(levels))[0]

    return embed


def _embed_waves(device: str) -> Embedding:
    """Return the map from int16 waves (B, 1, N) to the means of their spectrograms in 16 × 16 parts."""

    def embed(waves: Tensor) -> Tensor:
        spectrogram = Spectrogram(waves.shape[2], *_WAVE_FRAMES)
        return F.adaptive_avg_pool2d(spectrogram.encode(encode_waves(waves)), _WAVE_PARTS).flatten(1)

    return embed


@cache
def _network(device: str) -> torch.nn.Module:
    from ganops.extractors.weights import EFFICIENTNET_LITE0, read_packaged_weights
    from ganops.networks.efficientnet import LITE0, fold, load

    network = fold(load(LITE0, read_packaged_weights(EFFICIENTNET_LITE0)))
    return network.to(device=device, memory_format=torch.channels_last)  # pyright: ignore


EMBEDDINGS: dict[FieldName, Callable[[str], Embedding]] = {
    "image": _embed_pictures,
    "point": _embed_points,
    "wave": _embed_waves,
    "tokens": _embed_lines,
}
"""Field → device → embedding."""
