"""A pretrained encoder of speech: features of clips that need no classes, by a network that no training here uses.

Wan et al. 2018, "Generalized End-to-End Loss for Speaker Verification": a recurrent network reads mel spectrograms of
1.6 seconds, and is trained so that clips of one speaker have near embeddings. Network, weights and spectrogram are
those of the package resemblyzer (Apache-2.0). Its file of weights alone is read: the package itself needs a compiler.
Different from it, pauses are not cut out: they are a part of what a generator makes.
"""

import importlib.util
import math
from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int16
from torch import Tensor, nn

from ganops.config import FieldName
from ganops.data.sound import resample
from ganops.extractors.base import ExtractorDefaults
from ganops.extractors.weights import SPEAKER_ENCODER, read_weights

_RATE, _WINDOW, _HOP, _CHANNELS = 16_000, 400, 160, 40
_HIDDEN, _LAYERS = 256, 3
# A longer clip is read in parts of this many frames, which overlap by about half.
_FRAMES, _STEP, _LEAST_COVERED = 160, 77, 0.75
_LOUDNESS = 10 ** (-30 / 20)  # root mean square to which quieter clips are raised
_FULL_SCALE = 32768.0
_LEAST = 1e-12
# Slaney's mel scale: linear up to 1,000 hertz, then logarithmic.
_HERTZ_PER_MEL, _BREAK_HERTZ, _LOG_STEP = 200 / 3, 1000.0, math.log(6.4) / 27


class Network(nn.Module):
    """Mel spectrograms (B, T, 40) → embeddings (B, 256), at least 0 and of length 1."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(_CHANNELS, _HIDDEN, _LAYERS, batch_first=True)
        self.linear = nn.Linear(_HIDDEN, _HIDDEN)

    def forward(self, mels: Float[Tensor, "batch frames channels"]) -> Float[Tensor, "batch hidden"]:
        """Embed spectrograms by the last state of the last layer."""
        _, (states, _) = self.lstm(mels)
        return _normalise(self.linear(states[-1]).relu())


class SpeakerEncoder(ExtractorDefaults):
    """The network as a feature extractor of clips, int16 (1, N): float32, on the CPU, in evaluation mode."""

    name = "speaker_encoder"
    field: FieldName = "wave"
    dimension = _HIDDEN
    chunk = 32

    def __init__(self, weights: Mapping[str, Tensor], sample_rate: int, digest: str = SPEAKER_ENCODER.sha256) -> None:
        self.digest, self.sample_rate = digest, sample_rate
        self.resize = f"from {sample_rate} to {_RATE} hertz"
        self.network = Network()
        self.network.load_state_dict({name: weights[name] for name in self.network.state_dict()})
        self.network.eval().requires_grad_(False)
        self._filters = mel_filters()

    def __call__(self, clips: Int16[Tensor, "batch 1 samples"]) -> tuple[Float[Tensor, "batch dimension"], None]:
        """Return the mean embedding of each clip's parts, of length 1, and no probabilities."""
        waves = clips[:, 0].float() / _FULL_SCALE
        waves = torch.from_numpy(resample(waves.numpy().T, self.sample_rate, _RATE).T.copy())
        starts = part_starts(waves.shape[1])
        padded = F.pad(raise_loudness(waves), (0, max(0, (starts[-1] + _FRAMES) * _HOP - waves.shape[1])))
        mels = mel_spectrogram(padded, self._filters)
        parts = [self.network(mels[:, start : start + _FRAMES]) for start in starts]
        return _normalise(torch.stack(parts).mean(0)), None


def find_speaker_encoder(path: str | None) -> Path:
    """Return `path`; without one the file of the installed package resemblyzer, which is not imported."""
    if path is not None:
        return Path(path)
    package = importlib.util.find_spec("resemblyzer")
    folders = [] if package is None else package.submodule_search_locations or []
    return Path(folders[0] if folders else "resemblyzer") / SPEAKER_ENCODER.names[0]


def read_speaker_encoder(path: str | None, sample_rate: int) -> SpeakerEncoder:
    """Read the weights.

    Raises:
        MetricError: the file is missing, or has another sha256.
    """
    return SpeakerEncoder(read_weights(find_speaker_encoder(path), SPEAKER_ENCODER), sample_rate)


def part_starts(samples: int) -> range:
    """Return the first frames of the parts of a clip of 16,000 hertz; a last part of under 0.75 is left out."""
    frames = -(-(samples + 1) // _HOP)
    starts = range(0, max(1, frames - _FRAMES + _STEP + 1), _STEP)
    covered = (samples / _HOP - starts[-1]) / _FRAMES
    return starts[:-1] if len(starts) > 1 and covered < _LEAST_COVERED else starts


def raise_loudness(waves: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch samples"]:
    """Raise the root mean square of each wave to −30 decibels of full scale where it is lower; zeros stay."""
    rms = waves.square().mean(1, keepdim=True).sqrt()
    return waves * torch.where(rms > 0, (_LOUDNESS / rms.clamp_min(_LEAST)).clamp_min(1), 1)


def mel_spectrogram(
    waves: Float[Tensor, "batch samples"], filters: Float[Tensor, "channels bins"]
) -> Float[Tensor, "batch frames channels"]:
    """Return the power of waves of 16,000 hertz in the channels, every 10 milliseconds."""
    spectra = torch.stft(
        waves, _WINDOW, _HOP, window=torch.hann_window(_WINDOW), pad_mode="constant", return_complex=True
    )
    return (filters @ spectra.abs().square()).transpose(1, 2)


def mel_filters() -> Float[Tensor, "channels bins"]:
    """Return triangles of area 1, each over three of 42 frequencies that are equally far apart on Slaney's scale."""
    edges = _to_hertz(torch.linspace(0, _to_mel(_RATE / 2), _CHANNELS + 2, dtype=torch.float64))
    bins = torch.linspace(0, _RATE / 2, _WINDOW // 2 + 1, dtype=torch.float64)
    widths = edges.diff()[:, None]
    rising = (bins - edges[:-2, None]) / widths[:-1]
    falling = (edges[2:, None] - bins) / widths[1:]
    return (torch.minimum(rising, falling).clamp_min(0) * 2 / (edges[2:] - edges[:-2])[:, None]).float()


def _to_mel(hertz: float) -> float:
    return (_BREAK_HERTZ / _HERTZ_PER_MEL) + math.log(hertz / _BREAK_HERTZ) / _LOG_STEP


def _to_hertz(mels: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    above = _BREAK_HERTZ * torch.exp(_LOG_STEP * (mels - _BREAK_HERTZ / _HERTZ_PER_MEL))
    return torch.where(mels < _BREAK_HERTZ / _HERTZ_PER_MEL, mels * _HERTZ_PER_MEL, above)


def _normalise(embeddings: Float[Tensor, "batch hidden"]) -> Float[Tensor, "batch hidden"]:
    return embeddings / embeddings.norm(dim=1, keepdim=True).clamp_min(_LEAST)
