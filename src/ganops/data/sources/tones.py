"""Tones with envelopes in six classes: sounds that need no files, and whose class a listener knows.

At 8,000 samples a second, t in seconds from 0 to T = 0.512, with f₀ log-uniform in 220 … 880 Hz, amplitude A uniform in
0.3 … 0.9 and phase φ uniform:

    pluck      A e^(−8 t) sin(2π f₀ t + φ)
    swell      A sin²(π t / 2T) sin(2π f₀ t + φ)
    tremolo    A (1 + cos(2π 12 t)) / 2 · sin(2π f₀ t + φ)
    rising     A sin(π t / T) sin(2π f₀ (t + t² / 2T) + φ)          from f₀ to 2 f₀
    falling    A sin(π t / T) sin(2π f₀ (2 t − t² / 2T) + φ)        from 2 f₀ to f₀
    chord      A sin(π t / T) (sin(2π f₀ t + φ) + sin(2π 5/4 f₀ t) + sin(2π 3/2 f₀ t)) / 3

1,800 clips, always the same.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from ganops.data.sources.source import ArraySamples
from ganops.noise import Noise

RATE, SAMPLES = 8000, 4096
_EACH = 300
_SECONDS = SAMPLES / RATE
_LOWEST, _OCTAVES = 220.0, 2.0
_SOFTEST, _LOUDEST = 0.3, 0.9
_TREMOLO, _DECAY = 12.0, 8.0

_Column = Float64[np.ndarray, "clips 1"]
_Waves = Float64[np.ndarray, "clips samples"]


def _sine(cycles: np.ndarray, phase: _Column) -> _Waves:
    return np.sin(2 * np.pi * cycles + phase)


def _arch(t: np.ndarray) -> np.ndarray:
    return np.sin(np.pi * t / _SECONDS)


def _chord(t: np.ndarray, f: _Column, phase: _Column) -> _Waves:
    return _arch(t) * (_sine(f * t, phase) + _sine(1.25 * f * t, 0 * phase) + _sine(1.5 * f * t, 0 * phase)) / 3


# Class → (seconds (samples,), frequencies, phases) → waves of amplitude at most 1.
_CLASSES: dict[str, Callable[[np.ndarray, _Column, _Column], _Waves]] = {
    "pluck": lambda t, f, phase: np.exp(-_DECAY * t) * _sine(f * t, phase),
    "swell": lambda t, f, phase: np.sin(np.pi * t / (2 * _SECONDS)) ** 2 * _sine(f * t, phase),
    "tremolo": lambda t, f, phase: (1 + np.cos(2 * np.pi * _TREMOLO * t)) / 2 * _sine(f * t, phase),
    "rising": lambda t, f, phase: _arch(t) * _sine(f * (t + t**2 / (2 * _SECONDS)), phase),
    "falling": lambda t, f, phase: _arch(t) * _sine(f * (2 * t - t**2 / (2 * _SECONDS)), phase),
    "chord": _chord,
}


def tones() -> ArraySamples:
    """Make the clips, field `wave` (1, 4096) int16, in the order of the classes."""
    drawn = Noise(seed=0, first=0, count=_EACH * len(_CLASSES)).uniform("source/tones", (3,)).numpy().astype(np.float64)
    t = np.arange(SAMPLES) / RATE
    waves = [_make_waves(name, t, drawn[i * _EACH : (i + 1) * _EACH]) for i, name in enumerate(_CLASSES)]
    labels = np.repeat(np.arange(len(_CLASSES), dtype=np.int64), _EACH)
    return ArraySamples("tones", "wave", np.concatenate(waves)[:, None], labels, tuple(_CLASSES), RATE)


def _make_waves(name: str, t: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    pitch, loudness, phase = drawn[:, 0:1], drawn[:, 1:2], drawn[:, 2:3]
    waves = _CLASSES[name](t, _LOWEST * 2 ** (_OCTAVES * pitch), 2 * np.pi * phase)
    return np.round(32767 * (_SOFTEST + (_LOUDEST - _SOFTEST) * loudness) * waves).astype(np.int16)
