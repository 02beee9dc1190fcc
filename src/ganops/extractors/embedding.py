"""The embedding of the health probe: a space in which diversity is measured cheaply. No metric uses it."""

from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ganops.config import FieldName, SpectrogramGanSettings
from ganops.data.encodings import decode_images, decode_points, decode_tokens
from ganops.extractors.ngrams import embed_ngrams
from ganops.spectrogram import Spectrogram, choose_window
from ganops.training_settings import Settings

# A feature extractor reads 224 × 224, seven times the side: a measurement must take less than a hundredth of the
# training between two.
SIDE = 32
_SPECTROGRAM_PARTS = 16, 16

Embedding = Callable[[Tensor], Tensor]


def build_embedding(settings: Settings) -> Embedding:
    """Return the embedding of samples as the game represents them, model values: (B, *shape) → features (B, D)."""
    if isinstance(settings.game, SpectrogramGanSettings):
        return _embed_spectrograms
    return EMBEDDINGS[settings.sample.field](settings)


def _embed_points(settings: Settings) -> Embedding:
    """Return the map from points (B, D) to themselves: they are their own features."""
    return decode_points


def _embed_lines(settings: Settings) -> Embedding:
    """Return the map from lines (B, L) to features of their n-grams."""
    return lambda lines: embed_ngrams(decode_tokens(lines).cpu())


def _embed_pictures(settings: Settings) -> Embedding:
    """Return the map from pictures (B, C, H, W) to 1280 features of EfficientNet-Lite0 at 32 × 32.

    Pictures are rounded as they are stored. The network's weights are read at the first call.
    """
    device = settings.runtime.device

    def embed(pictures: Tensor) -> Tensor:
        from ganops.extractors.rgb import to_rgb
        from ganops.networks.efficientnet import normalise

        levels = F.interpolate(to_rgb(decode_images(pictures)).float(), (SIDE, SIDE), mode="bicubic", antialias=True)
        levels = levels.round().clamp(0, 255).to(device, memory_format=torch.channels_last)
        with torch.inference_mode():
            return _network(device)(normalise(levels))[0]

    return embed


def _embed_waves(settings: Settings) -> Embedding:
    """Return the map from waves (B, 1, N) to features of their spectrograms."""
    window = choose_window(settings.sample.sample_rate)
    spectrogram = Spectrogram(settings.sample.image_width, window, window // 2)
    return lambda waves: _embed_spectrograms(spectrogram.encode(waves))


def _embed_spectrograms(spectrograms: Tensor) -> Tensor:
    """Return the means (B, 256) of spectrograms (B, 1, F, T) in 16 × 16 parts."""
    return F.adaptive_avg_pool2d(spectrograms, _SPECTROGRAM_PARTS).flatten(1)


@cache
def _network(device: str) -> torch.nn.Module:
    from ganops.extractors.weights import EFFICIENTNET_LITE0, read_packaged_weights
    from ganops.networks.efficientnet import LITE0, fold, load

    network = fold(load(LITE0, read_packaged_weights(EFFICIENTNET_LITE0)))
    return network.to(device=device, memory_format=torch.channels_last)  # pyright: ignore


EMBEDDINGS: dict[FieldName, Callable[[Settings], Embedding]] = {
    "image": _embed_pictures,
    "point": _embed_points,
    "wave": _embed_waves,
    "tokens": _embed_lines,
}
"""Field → settings → embedding."""
